-- server 14
-- Columns: compression.
CREATE TABLE compressed (a text COMPRESSION pglz, b text);
