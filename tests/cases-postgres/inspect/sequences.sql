-- Sequences and their owners.
CREATE SEQUENCE plain_sequence;
CREATE SEQUENCE narrow AS smallint INCREMENT BY 5 MINVALUE 10 MAXVALUE 1000 START WITH 15 CACHE 3 CYCLE;
CREATE SEQUENCE backwards INCREMENT BY -2;
CREATE TABLE owner_of_one (id integer NOT NULL);
CREATE SEQUENCE owned_alone OWNED BY owner_of_one.id;
CREATE SEQUENCE shared;
CREATE TABLE uses_shared (id bigint DEFAULT nextval('shared'), other integer DEFAULT nextval('shared') * 2);
CREATE TABLE special (id bigserial);
ALTER SEQUENCE special_id_seq INCREMENT BY 50 CACHE 10;
CREATE TABLE borrows (id bigint DEFAULT nextval('special_id_seq'));
CREATE SEQUENCE "Odd Sequence";
CREATE TABLE uses_odd (id bigint DEFAULT nextval('"Odd Sequence"'));
