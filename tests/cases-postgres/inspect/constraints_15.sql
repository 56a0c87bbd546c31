-- server 15
-- Constraints: NULLS NOT DISTINCT, SET NULL and SET DEFAULT of some columns.
CREATE TABLE parent (a integer, b integer, PRIMARY KEY (a, b));
CREATE TABLE child (a integer, b integer DEFAULT 3, c integer, UNIQUE NULLS NOT DISTINCT (a, c),
    FOREIGN KEY (a, b) REFERENCES parent ON DELETE SET NULL (a), CONSTRAINT again FOREIGN KEY (c, b) REFERENCES parent ON DELETE SET DEFAULT (b));
CREATE UNIQUE INDEX child_c ON child (c) NULLS NOT DISTINCT;
