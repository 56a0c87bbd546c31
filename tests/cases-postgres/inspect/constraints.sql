-- Constraints: keys, checks, foreign keys, exclusion.
CREATE TABLE parent (a integer, b integer, c text, CONSTRAINT parent_key PRIMARY KEY (a, b), UNIQUE (c), UNIQUE (b, a) INCLUDE (c) WITH (fillfactor = 80));
CREATE TABLE late_key (a integer PRIMARY KEY DEFERRABLE INITIALLY DEFERRED, b integer UNIQUE DEFERRABLE);
CREATE TABLE child (
    a integer, b integer, c text DEFAULT 'x',
    FOREIGN KEY (a, b) REFERENCES parent (a, b) MATCH FULL ON UPDATE CASCADE ON DELETE SET NULL,
    CONSTRAINT child_c FOREIGN KEY (c) REFERENCES parent (c) ON DELETE SET DEFAULT ON UPDATE RESTRICT DEFERRABLE INITIALLY DEFERRED,
    CONSTRAINT "two words" FOREIGN KEY (b, a) REFERENCES parent (b, a) DEFERRABLE
);
CREATE TABLE tree (id integer PRIMARY KEY, up integer REFERENCES tree ON DELETE CASCADE);
CREATE TABLE chicken (id integer PRIMARY KEY, egg integer);
CREATE TABLE egg (id integer PRIMARY KEY, chicken integer REFERENCES chicken);
ALTER TABLE chicken ADD CONSTRAINT chicken_egg FOREIGN KEY (egg) REFERENCES egg;
CREATE TABLE checked (
    a integer CHECK (a > 0), b integer CONSTRAINT b_small CHECK (b < 100) NO INHERIT, c text CHECK (c IN ('x', 'y', 'z')),
    d text CHECK (d ~ '^[a-z]+$' AND length(d) BETWEEN 2 AND 9), CONSTRAINT any_of_them CHECK (a IS NOT NULL OR b IS NOT NULL)
);
ALTER TABLE checked ADD CONSTRAINT later CHECK (a < 1000) NOT VALID;
CREATE TABLE checked_key (id integer PRIMARY KEY);
ALTER TABLE tree ADD CONSTRAINT tree_later FOREIGN KEY (up) REFERENCES checked_key (id) NOT VALID;
CREATE TABLE excluded (
    room integer, during tsrange, gone boolean,
    CONSTRAINT no_overlap EXCLUDE USING gist (during WITH &&) WHERE (NOT gone),
    EXCLUDE USING btree (room WITH =) WITH (fillfactor = 90) DEFERRABLE
);
