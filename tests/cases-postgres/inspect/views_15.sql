-- server 15
-- Views: security_invoker.
CREATE TABLE base (id integer);
CREATE VIEW invoker WITH (security_invoker = true) AS SELECT id FROM base;
