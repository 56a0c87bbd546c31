-- server 14
-- Statistics of expressions; multirange names; subscripted tables.
CREATE TABLE t (a integer, b text);
CREATE STATISTICS of_expressions (ndistinct, mcv) ON (a % 10), lower(b), a FROM t;
CREATE STATISTICS of_one ON (a * 2) FROM t;
CREATE TYPE spread AS RANGE (subtype = integer, multirange_type_name = spreads);
CREATE TABLE uses (a spread, b spreads);
