-- server 15
-- Publications of columns, of rows, of schemas; ICU collations.
CREATE TABLE t (id integer PRIMARY KEY, a integer, b text);
CREATE PUBLICATION some_rows FOR TABLE t (id, a) WHERE (a > 3);
CREATE PUBLICATION whole_schema FOR TABLES IN SCHEMA public;
CREATE COLLATION nocase (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
CREATE TABLE u (name text COLLATE nocase);
