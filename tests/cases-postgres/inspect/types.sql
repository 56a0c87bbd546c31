-- Enums, domains, composite and range types.
CREATE TYPE mood AS ENUM ('sad', 'ok', 'it''s "fine"');
CREATE TYPE empty_enum AS ENUM ();
CREATE DOMAIN email AS text CHECK (VALUE ~ '@');
CREATE DOMAIN short_name AS varchar(20) COLLATE "C" DEFAULT 'nobody' NOT NULL CONSTRAINT not_blank CHECK (VALUE <> '') CONSTRAINT not_long CHECK (length(VALUE) < 15);
CREATE DOMAIN moods AS mood[];
ALTER DOMAIN email ADD CONSTRAINT not_yet CHECK (length(VALUE) > 3) NOT VALID;
CREATE DOMAIN email_of_work AS email;
CREATE TYPE address AS (street text COLLATE "C", number integer, moods mood[], mail email);
CREATE TYPE nothing AS ();
CREATE TYPE float_range AS RANGE (subtype = double precision, subtype_diff = float8mi);
CREATE TYPE text_range AS RANGE (subtype = text, collation = "C", subtype_opclass = text_pattern_ops);
CREATE FUNCTION day_diff(x time, y time) RETURNS double precision LANGUAGE sql IMMUTABLE STRICT AS 'SELECT EXTRACT(EPOCH FROM (x - y))';
CREATE TYPE time_range AS RANGE (subtype = time, subtype_diff = day_diff);
CREATE TABLE uses (a mood DEFAULT 'ok', b email, c address, d float_range, e moods, f mood[], g short_name);
