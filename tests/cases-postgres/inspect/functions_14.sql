-- server 14
-- Functions with a body that the server parses; procedures with OUT parameters.
CREATE TABLE account (id integer, balance numeric);
CREATE FUNCTION balance_of(who integer) RETURNS numeric LANGUAGE sql STABLE RETURN (SELECT balance FROM account WHERE id = who);
CREATE FUNCTION atomic(who integer) RETURNS numeric LANGUAGE sql BEGIN ATOMIC UPDATE account SET balance = 0 WHERE id = who; SELECT balance_of(who); END;
CREATE PROCEDURE gives(IN a integer, OUT b integer) LANGUAGE plpgsql AS $$BEGIN b := a; END$$;
