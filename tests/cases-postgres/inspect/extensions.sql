-- Extensions; what they bring is theirs.
CREATE EXTENSION citext;
CREATE EXTENSION hstore;
-- beside: CREATE SCHEMA elsewhere;
CREATE SCHEMA elsewhere;
CREATE EXTENSION pg_trgm WITH SCHEMA elsewhere;
CREATE EXTENSION btree_gist;
CREATE EXTENSION "uuid-ossp";
CREATE TABLE uses (name citext, data hstore DEFAULT ''::hstore, id uuid DEFAULT uuid_generate_v4(), during tsrange);
ALTER TABLE uses ADD EXCLUDE USING gist (id WITH =, during WITH &&);
CREATE INDEX uses_name ON uses USING gin (name elsewhere.gin_trgm_ops);
