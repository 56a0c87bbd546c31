-- Indexes: methods, operator classes, collations, directions, INCLUDE, predicates, expressions, storage parameters, CLUSTER.
CREATE TABLE item (id integer NOT NULL, name text, tags text[], body tsvector, at timestamptz, price numeric, spot point, deleted boolean);
CREATE INDEX item_name ON item (name);
CREATE UNIQUE INDEX item_lower ON item (lower(name)) WHERE NOT deleted;
CREATE INDEX item_pattern ON item (name text_pattern_ops DESC NULLS LAST, price NULLS FIRST);
CREATE INDEX item_collated ON item (name COLLATE "C");
CREATE INDEX item_tags ON item USING gin (tags) WITH (fastupdate = off);
CREATE INDEX item_body ON item USING gist (body tsvector_ops (siglen = 100));
CREATE INDEX item_at ON item USING brin (at) WITH (pages_per_range = 32);
CREATE INDEX item_hash ON item USING hash (id);
CREATE INDEX item_spot ON item USING spgist (spot);
CREATE INDEX item_covering ON item (id) INCLUDE (name, price);
CREATE INDEX item_expr ON item ((price * 2), (id % 10)) WHERE price > 10 AND name IS NOT NULL;
CREATE INDEX "Item Odd" ON item (id, at);
ALTER TABLE item CLUSTER ON item_name;
CREATE INDEX item_stat ON item ((price + 1));
ALTER INDEX item_stat ALTER COLUMN 1 SET STATISTICS 700;
CREATE UNIQUE INDEX item_identity ON item (id);
ALTER TABLE item REPLICA IDENTITY USING INDEX item_identity;
