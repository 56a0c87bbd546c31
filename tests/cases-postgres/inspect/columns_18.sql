-- server 18
-- Columns: virtual generated columns; NOT NULL as a constraint.
CREATE TABLE virtual_columns (a integer, b integer GENERATED ALWAYS AS (a + 1) VIRTUAL, c integer GENERATED ALWAYS AS (a + 2) STORED);
CREATE TABLE not_nulls (a integer NOT NULL, b integer CONSTRAINT b_is_there NOT NULL, c integer CONSTRAINT c_here NOT NULL NO INHERIT, d integer);
ALTER TABLE not_nulls ADD CONSTRAINT d_there NOT NULL d NOT VALID;
CREATE TABLE not_enforced (a integer, CONSTRAINT positive CHECK (a > 0) NOT ENFORCED);
CREATE TABLE rooms (id int4range, during tsrange, PRIMARY KEY (id, during WITHOUT OVERLAPS));
CREATE TABLE bookings (room int4range, during tsrange, FOREIGN KEY (room, PERIOD during) REFERENCES rooms (id, PERIOD during));
