-- Functions, procedures and aggregates.
CREATE TABLE account (id integer, balance numeric);
CREATE FUNCTION add(a integer, b integer DEFAULT 1) RETURNS integer LANGUAGE sql IMMUTABLE PARALLEL SAFE STRICT AS $$SELECT a + b$$;
CREATE FUNCTION add(text, text) RETURNS text LANGUAGE sql AS 'SELECT $1 || $2';
CREATE FUNCTION nothing() RETURNS void LANGUAGE plpgsql AS $$BEGIN NULL; END$$;
CREATE FUNCTION many(VARIADIC list integer[]) RETURNS integer LANGUAGE sql AS 'SELECT list[1]';
CREATE FUNCTION outs(IN a integer, OUT b integer, INOUT c text) LANGUAGE plpgsql AS $$BEGIN b := a; END$$;
CREATE FUNCTION rows_of(p integer) RETURNS TABLE (id integer, balance numeric) LANGUAGE sql STABLE ROWS 7 COST 50 AS 'SELECT id, balance FROM account WHERE id = p';
CREATE FUNCTION whole() RETURNS SETOF account LANGUAGE sql AS 'SELECT * FROM account';
CREATE FUNCTION safe() RETURNS integer LANGUAGE plpgsql SECURITY DEFINER LEAKPROOF SET search_path = public, pg_temp SET work_mem = '8MB' AS $body$BEGIN RETURN (SELECT count(*) FROM account); END$body$;
CREATE FUNCTION quoted() RETURNS text LANGUAGE sql AS $$SELECT 'it''s $function$ odd'$$;
CREATE FUNCTION "Odd Name"("Arg" integer) RETURNS integer LANGUAGE sql AS 'SELECT "Arg"';
CREATE PROCEDURE pay(who integer, amount numeric) LANGUAGE plpgsql AS $$BEGIN UPDATE account SET balance = balance - amount WHERE id = who; END$$;
CREATE PROCEDURE changes(INOUT n integer) LANGUAGE plpgsql AS $$BEGIN n := n + 1; END$$;
CREATE FUNCTION ranks() RETURNS bigint LANGUAGE internal WINDOW AS 'window_row_number';
CREATE FUNCTION join_two(text, text) RETURNS text LANGUAGE sql IMMUTABLE AS $$SELECT coalesce($1 || ',', '') || $2$$;
CREATE AGGREGATE joined(text) (SFUNC = join_two, STYPE = text, INITCOND = 'it''s:');
CREATE AGGREGATE total(numeric) (SFUNC = numeric_add, STYPE = numeric, INITCOND = '0', COMBINEFUNC = numeric_add, PARALLEL = SAFE,
    MSFUNC = numeric_add, MINVFUNC = numeric_sub, MSTYPE = numeric, MINITCOND = '0');
CREATE AGGREGATE none_of(*) (SFUNC = int8inc, STYPE = bigint, INITCOND = '0');
CREATE AGGREGATE smallest(integer) (SFUNC = int4smaller, STYPE = integer, SORTOP = <);
CREATE FUNCTION last_of(internal, anyelement) RETURNS anyelement LANGUAGE internal IMMUTABLE AS 'mode_final';
CREATE AGGREGATE own_mode(ORDER BY anyelement) (SFUNC = ordered_set_transition, STYPE = internal, FINALFUNC = last_of, FINALFUNC_EXTRA, FINALFUNC_MODIFY = READ_WRITE);
CREATE TABLE uses_function (a integer DEFAULT add(1, 2), b integer CHECK (add(b) > 0));
CREATE INDEX uses_function_add ON uses_function (add(a, 3));
