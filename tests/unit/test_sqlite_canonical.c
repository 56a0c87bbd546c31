/* SPDX-License-Identifier: MIT */
/*
 * test_sqlite_canonical.c - what is no difference, and what is one: pairs of definitions.
 *
 * SQLite itself is the judge of the pairs that are equal: both must be taken, and what its pragmas say of them, and the row
 * that INSERT DEFAULT VALUES makes, must be the same. Of those that differ it judges the ones that have a question to tell
 * them apart.
 */
#include "sqlite_help.h"

#include "dialect/sqlite/reader.h"

TestSuite(canonical, .fini = help_end, .init = help_begin, .timeout = 60);

/* What definitions of the pairs refer to. */
#define PRELUDE "CREATE TABLE p (x INTEGER PRIMARY KEY, y INT UNIQUE, z); CREATE TABLE q (x PRIMARY KEY, n);"

typedef struct pair {
    const char *a, *b;
    const char *question; /* pairs that differ: its answers differ too; NULL: none is asked */
} pair;

#define TABLE(a, b)                                                                                                    \
    {                                                                                                                  \
        "CREATE TABLE t (" a ")", "CREATE TABLE t (" b ")", NULL                                                       \
    }
#define TABLE_ASK(a, b, question)                                                                                      \
    {                                                                                                                  \
        "CREATE TABLE t (" a ")", "CREATE TABLE t (" b ")", question                                                   \
    }
#define INDEX(a, b)                                                                                                    \
    {                                                                                                                  \
        "CREATE TABLE t (a, b, c, \"D e\"); " a, "CREATE TABLE t (a, b, c, \"D e\"); " b, NULL                         \
    }
#define INDEX_ASK(a, b, q)                                                                                             \
    {                                                                                                                  \
        "CREATE TABLE t (a, b, c, \"D e\"); " a, "CREATE TABLE t (a, b, c, \"D e\"); " b, q                            \
    }
#define VIEW(a, b)                                                                                                     \
    {                                                                                                                  \
        "CREATE VIEW v AS " a, "CREATE VIEW v AS " b, NULL                                                             \
    }
#define VIEW_ASK(a, b, q)                                                                                              \
    {                                                                                                                  \
        "CREATE VIEW v AS " a, "CREATE VIEW v AS " b, q                                                                \
    }
/* Over a table with names in capitals, and with words for names. */
#define MIXED "CREATE TABLE t (Id, Created, \"Order\", key, \"Two Words\", s); CREATE TABLE Log (At, Message); "
#define OVER_MIXED(a, b)                                                                                               \
    {                                                                                                                  \
        MIXED a, MIXED b, NULL                                                                                         \
    }
#define OVER_MIXED_ASK(a, b, q)                                                                                        \
    {                                                                                                                  \
        MIXED a, MIXED b, q                                                                                            \
    }
#define TRIGGER(a, b)                                                                                                  \
    {                                                                                                                  \
        "CREATE TRIGGER g " a, "CREATE TRIGGER g " b, NULL                                                             \
    }

static const pair same[] = {
    /* spelling of all of it */
    TABLE("a INT, b TEXT", "A int, B text"),
    TABLE("a INT, b TEXT", "a\tINT\n,\n  b -- a comment\n TEXT /* another */"),
    TABLE("a INT", "\"a\" INT"),
    TABLE("a INT", "[a] INT"),
    TABLE("a INT", "`a` INT"),
    TABLE("a INT", "'a' INT"),
    TABLE("a INT, \"order\" INT", "a INT, [order] INT"),
    TABLE("a INT, \"x y\" INT", "a INT, `x y` INT"),
    TABLE("a INT, \"x\"\"y\" INT", "a INT, [x\"y] INT"),
    TABLE("key INT", "\"key\" INT"),
    TABLE("\xC3\xA9 INT", "\"\xC3\xA9\" INT"),
    {"CREATE TABLE t (a)", "create table if not exists main.T (a)", NULL},
    {"CREATE TABLE t (a)", "CREATE TABLE \"t\"(\"a\")", NULL},
    {"CREATE TABLE t (a)", "CREATE TABLE [t]('a');", NULL},
    /* order of columns, place of constraints */
    TABLE("a INT, b TEXT", "b TEXT, a INT"),
    TABLE("a INT UNIQUE", "a INT, UNIQUE (a)"),
    TABLE("a INT PRIMARY KEY", "a INT, PRIMARY KEY (a)"),
    TABLE("a INTEGER PRIMARY KEY", "a INTEGER, PRIMARY KEY (a)"),
    TABLE("a INT CHECK (a > 0)", "a INT, CHECK (a > 0)"),
    TABLE("a INT REFERENCES p (x)", "a INT, FOREIGN KEY (a) REFERENCES p (x)"),
    TABLE("a INT CONSTRAINT k CHECK (a > 0)", "a INT, CONSTRAINT k CHECK (a > 0)"),
    TABLE("a INT CONSTRAINT k UNIQUE", "a INT, CONSTRAINT k UNIQUE (a)"),
    TABLE("a INT CONSTRAINT k REFERENCES p", "a INT, CONSTRAINT \"K\" FOREIGN KEY (a) REFERENCES p"),
    TABLE("a, b, UNIQUE (a), CHECK (b)", "a, b, CHECK (b), UNIQUE (a)"),
    TABLE("a, b, UNIQUE (a), CHECK (b)", "a, b, UNIQUE (a) CHECK (b)"),
    TABLE("a INT UNIQUE", "a INT UNIQUE UNIQUE"),
    TABLE("a INT CHECK (a)", "a INT CHECK (a), CHECK (a)"),
    TABLE("a INT NOT NULL", "a INT CONSTRAINT n NOT NULL"),
    TABLE("a INT", "a INT CONSTRAINT k"),
    TABLE("a INT, b", "a INT, b, CONSTRAINT k"),
    /* what is said though it holds anyway */
    TABLE("a INT", "a INT NULL"),
    TABLE("a INT NOT NULL", "a INT NOT NULL ON CONFLICT ABORT"),
    TABLE("a INT UNIQUE", "a INT UNIQUE ON CONFLICT ABORT"),
    TABLE("a INT PRIMARY KEY", "a INT PRIMARY KEY ON CONFLICT ABORT"),
    TABLE("a INT PRIMARY KEY", "a INT PRIMARY KEY ASC"),
    TABLE("a INTEGER PRIMARY KEY", "a INTEGER PRIMARY KEY ASC"),
    TABLE("a, UNIQUE (a)", "a, UNIQUE (a ASC)"),
    TABLE("a TEXT", "a TEXT COLLATE BINARY"),
    TABLE("a TEXT", "a TEXT COLLATE NOCASE COLLATE binary"),
    TABLE("a TEXT COLLATE NOCASE", "a TEXT COLLATE nocase"),
    TABLE("a TEXT COLLATE NOCASE", "a TEXT COLLATE \"NoCase\""),
    TABLE("a TEXT COLLATE NOCASE, UNIQUE (a)", "a TEXT COLLATE NOCASE, UNIQUE (a COLLATE NOCASE)"),
    TABLE("a TEXT, UNIQUE (a)", "a TEXT, UNIQUE (a COLLATE BINARY)"),
    TABLE("a, UNIQUE (a)", "a, UNIQUE ('a')"),
    TABLE("a, UNIQUE (a)", "a, UNIQUE ((\"a\"))"),
    TABLE("a, CHECK (a)", "a, CHECK (a) ON CONFLICT ABORT"),
    TABLE("a, CHECK (a)", "a, CHECK (a) ON CONFLICT IGNORE"),
    /* the row id */
    TABLE("id INTEGER PRIMARY KEY", "id integer primary key"),
    TABLE("id INTEGER PRIMARY KEY", "id \"INTEGER\" PRIMARY KEY"),
    TABLE("id INTEGER PRIMARY KEY", "id INTEGER, PRIMARY KEY (id DESC)"),
    TABLE("id INTEGER PRIMARY KEY AUTOINCREMENT", "id INTEGER, PRIMARY KEY (id AUTOINCREMENT)"),
    /* what a key implies */
    {"CREATE TABLE t (a TEXT PRIMARY KEY) WITHOUT ROWID", "CREATE TABLE t (a TEXT NOT NULL PRIMARY KEY) without rowid",
     NULL},
    {"CREATE TABLE t (a, b, PRIMARY KEY (a, b)) WITHOUT ROWID",
     "CREATE TABLE t (a NOT NULL, b NOT NULL, PRIMARY KEY (a, b)) WITHOUT ROWID", NULL},
    {"CREATE TABLE t (a TEXT PRIMARY KEY) STRICT", "CREATE TABLE t (a TEXT PRIMARY KEY NOT NULL) strict", NULL},
    {"CREATE TABLE t (a INTEGER PRIMARY KEY DESC) WITHOUT ROWID",
     "CREATE TABLE t (a INTEGER, PRIMARY KEY (a DESC)) WITHOUT ROWID", NULL},
    /* options */
    {"CREATE TABLE t (a INT PRIMARY KEY) STRICT, WITHOUT ROWID",
     "CREATE TABLE t (a INT PRIMARY KEY) WITHOUT ROWID, STRICT", NULL},
    {"CREATE TABLE t (a INT) STRICT", "CREATE TABLE t (a INT) STRICT, STRICT", NULL},
    {"CREATE TABLE t (a INT) STRICT", "CREATE TABLE t (a INT) , STRICT -- so", NULL},
    /* types */
    TABLE("a DECIMAL(10, 5)", "a decimal(10,5)"),
    TABLE("a DECIMAL (10,5)", "a decimal(10 , 5)"),
    TABLE("a UNSIGNED BIG INT", "a unsigned   big\nint"),
    TABLE("a UNSIGNED BIG INT", "a \"UNSIGNED BIG INT\""),
    TABLE("a UNSIGNED BIG INT", "a 'unsigned big int'"),
    TABLE("a VARCHAR(10)", "a VARCHAR ( 10 )"),
    TABLE("a", "a \"\""),
    /* defaults */
    TABLE("a DEFAULT 1", "a DEFAULT (1)"),
    TABLE("a DEFAULT 1", "a DEFAULT ((1))"),
    TABLE("a DEFAULT -1", "a DEFAULT (-1)"),
    TABLE("a DEFAULT -1", "a DEFAULT - 1"),
    TABLE("a DEFAULT 'abc'", "a DEFAULT abc"),
    TABLE("a DEFAULT 'abc'", "a DEFAULT \"abc\""),
    TABLE("a DEFAULT 'abc'", "a DEFAULT [abc]"),
    TABLE("a DEFAULT 'abc'", "a DEFAULT `abc`"),
    TABLE("a DEFAULT 'abc'", "a DEFAULT ('abc')"),
    TABLE("a DEFAULT 'key'", "a DEFAULT key"),
    TABLE("a DEFAULT 'it''s'", "a DEFAULT \"it's\""),
    TABLE("a DEFAULT 'true'", "a DEFAULT \"true\""),
    TABLE("a DEFAULT TRUE", "a DEFAULT true"),
    TABLE("a DEFAULT TRUE", "a DEFAULT (True)"),
    TABLE("a DEFAULT NULL", "a DEFAULT null"),
    TABLE("a DEFAULT 2", "a DEFAULT 1 DEFAULT 2"),
    TABLE("a DEFAULT CURRENT_DATE", "a DEFAULT current_date"),
    TABLE("a DEFAULT CURRENT_DATE", "a DEFAULT (CURRENT_DATE)"),
    TABLE("a DEFAULT (date('2000-01-01', '+1 day'))", "a DEFAULT ( DATE( '2000-01-01','+1 day' ) )"),
    TABLE("a DEFAULT (1 + 2)", "a DEFAULT ((1+2))"),
    TABLE("a DEFAULT x'AB'", "a DEFAULT X'AB'"),
    TABLE("a DEFAULT 1e3", "a DEFAULT 1E3"),
    TABLE("a DEFAULT 0x1f", "a DEFAULT 0X1F"),
    /* conditions */
    TABLE("a, CHECK (a != 1)", "a, CHECK (a <> 1)"),
    TABLE("a, CHECK (a = 1)", "a, CHECK (a == 1)"),
    TABLE("a, CHECK (a = 1)", "a, CHECK ((a = 1))"),
    TABLE("a, CHECK (a = 1)", "a, check(A=1)"),
    TABLE("a, CHECK (a IS NOT NULL AND a IN (1, 2))", "a, CHECK ( \"a\" is not null and `A` in (1,2) )"),
    TABLE("a, CHECK (length(a) > 1)", "a, CHECK (LENGTH(a) > 1)"),
    TABLE("a, CHECK (length(a) > 1)", "a, CHECK (\"length\"([a]) > 1)"),
    TABLE("a, CHECK (a <> 'x')", "a, CHECK (a <> \"x\")"),
    TABLE("a, \"x y\", CHECK (\"x y\" > 1)", "a, [X Y], CHECK ([x y] > 1)"),
    TABLE("a, \"order\", CHECK (\"order\" > 1)", "a, [order], CHECK (`ORDER` > 1)"),
    TABLE("a, key, CHECK (key > 1)", "a, \"key\", CHECK (\"key\" > 1)"),
    TABLE("a, CHECK (a COLLATE nocase = 'x')", "a, CHECK (a collate \"NOCASE\" == 'x')"),
    TABLE("a, CHECK (t.a > 1)", "a, CHECK (\"t\".\"a\" > 1)"),
    TABLE("a, CHECK (CASE WHEN a THEN 1 ELSE 0 END)", "a, CHECK (case when a then 1 else 0 end)"),
    TABLE("a, CHECK (a OR TRUE)", "a, CHECK (a or true)"),
    TABLE("a, CHECK (CAST(a AS TEXT) > '')", "a, CHECK (cast(a as text) > '')"),
    TABLE("a CHECK (a)", "a, CHECK (A)"),
    /* generated columns */
    TABLE("a, b AS (a + 1)", "a, b GENERATED ALWAYS AS (a + 1) VIRTUAL"),
    TABLE("a, b AS (a + 1)", "a, b as ((A+1)) virtual"),
    TABLE("a, b INT AS (a + 1) STORED", "a, b INT GENERATED ALWAYS AS (\"a\" + 1) stored"),
    TABLE("a, b INT NOT NULL AS (a) STORED", "a, b INT AS (a) STORED NOT NULL"),
    TABLE("b AS (a), a", "a, b AS (a)"),
    /* foreign keys */
    TABLE("a REFERENCES p (x)", "a REFERENCES \"P\" (X)"),
    TABLE("a REFERENCES p", "a REFERENCES [p]"),
    TABLE("a REFERENCES p", "a REFERENCES 'p'"),
    TABLE("a REFERENCES p", "a REFERENCES p ON DELETE NO ACTION"),
    TABLE("a REFERENCES p", "a REFERENCES p ON UPDATE NO ACTION ON DELETE no action"),
    TABLE("a REFERENCES p ON DELETE CASCADE ON UPDATE SET NULL", "a REFERENCES p ON UPDATE set null ON DELETE cascade"),
    TABLE("a REFERENCES p ON DELETE CASCADE", "a REFERENCES p ON DELETE SET NULL ON DELETE CASCADE"),
    TABLE("a REFERENCES p", "a REFERENCES p NOT DEFERRABLE"),
    TABLE("a REFERENCES p", "a REFERENCES p NOT DEFERRABLE INITIALLY IMMEDIATE"),
    TABLE("a REFERENCES p", "a REFERENCES p NOT DEFERRABLE INITIALLY DEFERRED"),
    TABLE("a REFERENCES p", "a REFERENCES p DEFERRABLE"),
    TABLE("a REFERENCES p", "a REFERENCES p DEFERRABLE INITIALLY IMMEDIATE"),
    TABLE("a REFERENCES p DEFERRABLE INITIALLY DEFERRED",
          "a, FOREIGN KEY (a) REFERENCES p DEFERRABLE INITIALLY DEFERRED"),
    TABLE("a REFERENCES p DEFERRABLE INITIALLY DEFERRED, b", "a REFERENCES p, b DEFERRABLE INITIALLY DEFERRED"),
    TABLE("a REFERENCES p MATCH FULL", "a REFERENCES p match full"),
    TABLE("a REFERENCES p", "a REFERENCES p ON INSERT CASCADE"),
    TABLE("a, b, FOREIGN KEY (a, b) REFERENCES p (x, y)", "a, b, FOREIGN KEY ([a], \"B\") REFERENCES P(x,y)"),
    /* indexes */
    INDEX("CREATE INDEX i ON t (a)", "create index if not exists main.I on T(A)"),
    INDEX("CREATE INDEX i ON t (a)", "CREATE INDEX \"i\" ON \"t\" (\"a\" ASC)"),
    INDEX("CREATE INDEX i ON t (a)", "CREATE INDEX i ON t ('a')"),
    INDEX("CREATE INDEX i ON t (a)", "CREATE INDEX i ON t ((a)) -- so"),
    INDEX("CREATE INDEX i ON t (\"D e\")", "CREATE INDEX i ON t ([d E])"),
    INDEX("CREATE INDEX i ON t (a COLLATE NOCASE DESC)", "CREATE INDEX i ON t (\"A\" collate [nocase] desc)"),
    INDEX("CREATE UNIQUE INDEX i ON t (a, b DESC)", "create unique index i on t ( a asc , b desc )"),
    INDEX("CREATE INDEX i ON t (lower(a), b)", "CREATE INDEX i ON t (LOWER(\"a\"), \"b\")"),
    INDEX("CREATE INDEX i ON t (a + b)", "CREATE INDEX i ON t ((a+b))"),
    INDEX("CREATE INDEX i ON t (a) WHERE b != 1", "CREATE INDEX i ON t (a) where (\"b\" <> 1)"),
    INDEX("CREATE INDEX i ON t (a) WHERE b IS NOT NULL", "CREATE INDEX i ON t (a) WHERE [B] is not null"),
    INDEX("CREATE INDEX i ON t (a || b)", "CREATE INDEX i ON t (a||b)"),
    /* names in capitals, in whatever quotes */
    OVER_MIXED("CREATE INDEX i ON t (Created || 'x')", "CREATE INDEX i ON t (\"Created\" || 'x')"),
    OVER_MIXED("CREATE INDEX i ON t (lower([Created]))", "CREATE INDEX i ON t (lower(\"CREATED\"))"),
    OVER_MIXED("CREATE INDEX i ON t (Id) WHERE `Created` IS NOT NULL",
               "CREATE INDEX i ON t (Id) WHERE \"Created\" IS NOT NULL"),
    OVER_MIXED("CREATE INDEX i ON t (Id) WHERE s = 'Open'", "CREATE INDEX i ON t (Id) WHERE s = \"Open\""),
    OVER_MIXED("CREATE VIEW v AS SELECT Created FROM t", "CREATE VIEW v AS SELECT \"Created\" FROM \"T\""),
    OVER_MIXED("CREATE VIEW v AS SELECT [Created] AS x, `Order` AS y FROM t WHERE [Two Words] > 0",
               "CREATE VIEW v AS SELECT \"Created\" AS [x], \"Order\" AS `y` FROM t WHERE \"Two Words\" > 0"),
    OVER_MIXED("CREATE VIEW v AS SELECT key, Id FROM t ORDER BY key",
               "CREATE VIEW v AS SELECT \"key\", [Id] FROM t ORDER BY "
               "[KEY]"),
    OVER_MIXED("CREATE VIEW v AS SELECT Id AS Total FROM t ORDER BY Total",
               "CREATE VIEW v AS SELECT Id AS \"Total\" FROM t ORDER BY \"Total\""),
    OVER_MIXED("CREATE VIEW v AS SELECT a.Id AS x FROM t AS A, Log B WHERE B.At = A.Created",
               "CREATE VIEW v AS SELECT \"a\".\"Id\" AS x FROM [t] AS \"A\", \"Log\" \"B\" WHERE \"B\".\"At\" = "
               "`A`.[Created]"),
    OVER_MIXED(
        "CREATE VIEW v AS WITH W (A) AS (SELECT Id FROM t) SELECT A AS x FROM W WHERE A > 1",
        "CREATE VIEW v AS WITH \"W\" (\"A\") AS (SELECT \"Id\" FROM t) SELECT \"A\" AS x FROM \"W\" WHERE \"A\" > 1"),
    OVER_MIXED(
        "CREATE VIEW u AS SELECT Id AS Total FROM t; CREATE VIEW v AS SELECT Total AS x, Total + 1 AS y FROM u",
        "CREATE VIEW u AS SELECT Id AS [Total] FROM t; CREATE VIEW v AS SELECT \"Total\" AS x, \"Total\" + 1 AS y FROM "
        "\"u\""),
    OVER_MIXED("CREATE VIEW u AS SELECT * FROM t; CREATE VIEW v AS SELECT Created AS x FROM u",
               "CREATE VIEW u AS SELECT * FROM t; CREATE VIEW v AS SELECT \"Created\" AS x FROM u"),
    OVER_MIXED("CREATE VIEW v AS SELECT Id FROM t WHERE s = \"Open\"",
               "CREATE VIEW v AS SELECT Id FROM t WHERE s = 'Open'"),
    OVER_MIXED("CREATE VIEW v AS SELECT Id FROM t WHERE Id IN Log",
               "CREATE VIEW v AS SELECT Id FROM t WHERE Id IN \"Log\""),
    OVER_MIXED("CREATE VIEW v AS SELECT value AS x FROM json_each('[]')",
               "CREATE VIEW v AS SELECT \"value\" AS x FROM json_each('[]')"),
    OVER_MIXED("CREATE TRIGGER g AFTER INSERT ON t BEGIN UPDATE t SET Created = Created WHERE Id = NEW.Id; END",
               "CREATE TRIGGER g AFTER INSERT ON t BEGIN UPDATE `t` SET \"Created\" = \"Created\" WHERE \"Id\" = "
               "NEW.\"Id\"; END"),
    OVER_MIXED(
        "CREATE TRIGGER g AFTER INSERT ON t BEGIN INSERT INTO Log (At, Message) VALUES (1, 'So'); END",
        "CREATE TRIGGER g AFTER INSERT ON t BEGIN INSERT INTO \"Log\" (\"At\", `Message`) VALUES (1, \"So\"); END"),
    TABLE("a DEFAULT x'0aff'", "a DEFAULT X'0AFF'"),
    TABLE("a CHECK (a <> x'0aff')", "a CHECK (a <> X'0aFF')"),
    VIEW("SELECT x'0a' AS a", "SELECT X'0A' AS a"),
    /* views */
    VIEW("SELECT x, y FROM p", "select x,y from p"),
    VIEW("SELECT x, y FROM p", "SELECT \"x\", [y] FROM `p` -- so\n"),
    VIEW("SELECT x FROM p WHERE y <> 1", "SELECT X FROM P WHERE Y != 1"),
    VIEW("SELECT x AS a, y + 1 AS b FROM p", "SELECT x as a, y+1 as b FROM p"),
    VIEW("SELECT x AS a FROM p", "SELECT x AS \"a\" FROM p"),
    VIEW("SELECT x AS a FROM p", "SELECT x AS 'a' FROM p"),
    VIEW("SELECT count(*) AS n FROM p GROUP BY y", "SELECT COUNT( * ) AS n FROM p group by Y"),
    VIEW("SELECT * FROM p", "select * from \"p\""),
    VIEW("SELECT p.* FROM p JOIN q ON p.x = q.x", "SELECT P.* FROM p join q on P.X == Q.X"),
    VIEW("SELECT DISTINCT x FROM p", "select distinct X from p"),
    VIEW("SELECT CAST(x AS TEXT) AS c FROM p", "SELECT cast(x as text) AS c FROM p"),
    VIEW("WITH w AS (SELECT x FROM p) SELECT x FROM w", "with w as (select X from p) select x from w"),
    VIEW("VALUES (1, 2)", "values(1,2)"),
    VIEW("SELECT x FROM p UNION ALL SELECT n FROM q", "select x from p union all select n from q"),
    {"CREATE VIEW v (a, b) AS SELECT x, y FROM p", "create view if not exists main.v(a,b) as select X, Y from p", NULL},
    {"CREATE VIEW v (a) AS SELECT count(*) FROM p", "CREATE VIEW v (a) AS SELECT COUNT( * ) FROM p", NULL},
    /* triggers */
    TRIGGER("BEFORE INSERT ON p BEGIN SELECT 1; END", "insert on p begin select 1; end"),
    TRIGGER("AFTER DELETE ON p BEGIN SELECT 1; END", "AFTER DELETE ON \"P\" FOR EACH ROW BEGIN SELECT 1; END"),
    TRIGGER("AFTER UPDATE OF y, z ON p BEGIN SELECT 1; END", "after update of [y], \"Z\" on p begin select 1; end"),
    TRIGGER("AFTER INSERT ON p WHEN NEW.x > 1 BEGIN SELECT 1; END",
            "AFTER INSERT ON p when new.X>1 begin select 1; end"),
    TRIGGER("AFTER INSERT ON p BEGIN UPDATE q SET n = n + 1 WHERE x = NEW.x; DELETE FROM q; END",
            "AFTER INSERT ON p BEGIN update Q set N=n+1 where X==new.x; delete from q; end"),
    {"CREATE TRIGGER g AFTER INSERT ON p BEGIN SELECT RAISE(ABORT, 'no'); END",
     "create trigger if not exists main.G after insert on p begin /* so */ select raise(abort,'no'); end", NULL},
    /* virtual tables */
    {"CREATE VIRTUAL TABLE t USING fts5 (a, b)", "create virtual table if not exists main.T using FTS5(a,b)", NULL},
};

static const pair different[] = {
    /* columns */
    TABLE("a", "b"),
    TABLE("a", "a, b"),
    TABLE("a INT", "a"),
    TABLE("a INT", "a INTEGER"),
    TABLE("a VARCHAR(10)", "a VARCHAR(20)"),
    TABLE("a DECIMAL(10, 5)", "a DECIMAL(10)"),
    TABLE_ASK("a INT NOT NULL", "a INT", "INSERT INTO t DEFAULT VALUES"),
    TABLE_ASK("a INT NOT NULL ON CONFLICT IGNORE", "a INT NOT NULL", "INSERT INTO t DEFAULT VALUES"),
    TABLE("a INT NOT NULL ON CONFLICT IGNORE", "a INT NOT NULL ON CONFLICT REPLACE"),
    TABLE_ASK("a TEXT COLLATE NOCASE", "a TEXT", "INSERT INTO t VALUES ('x'); SELECT a = 'X' FROM t"),
    TABLE("a TEXT COLLATE NOCASE", "a TEXT COLLATE RTRIM"),
    TABLE("\"a b\"", "a_b"),
    TABLE("\xC3\xA9", "\xC3\x89"),
    TABLE_ASK("a BIG /* CHAR */ X", "a BIG X", "INSERT INTO t VALUES (1); SELECT typeof(a) FROM t"),
    /* defaults */
    TABLE_ASK("a DEFAULT 1", "a", "INSERT INTO t DEFAULT VALUES; SELECT quote(a) FROM t"),
    TABLE_ASK("a DEFAULT 1", "a DEFAULT 1.0", "INSERT INTO t DEFAULT VALUES; SELECT quote(a) FROM t"),
    TABLE_ASK("a DEFAULT 1", "a DEFAULT '1'", "INSERT INTO t DEFAULT VALUES; SELECT quote(a) FROM t"),
    TABLE_ASK("a DEFAULT 1", "a DEFAULT -1", "INSERT INTO t DEFAULT VALUES; SELECT quote(a) FROM t"),
    TABLE_ASK("a DEFAULT 'abc'", "a DEFAULT 'ABC'", "INSERT INTO t DEFAULT VALUES; SELECT quote(a) FROM t"),
    TABLE_ASK("a DEFAULT abc", "a DEFAULT ABC", "INSERT INTO t DEFAULT VALUES; SELECT quote(a) FROM t"),
    TABLE_ASK("a DEFAULT 'a b'", "a DEFAULT 'a  b'", "INSERT INTO t DEFAULT VALUES; SELECT quote(a) FROM t"),
    TABLE_ASK("a DEFAULT true", "a DEFAULT \"true\"", "INSERT INTO t DEFAULT VALUES; SELECT quote(a) FROM t"),
    TABLE_ASK("a DEFAULT current_date", "a DEFAULT \"current_date\"",
              "INSERT INTO t DEFAULT VALUES; SELECT quote(a) FROM t"),
    TABLE_ASK("a DEFAULT current_date", "a DEFAULT 'current_date'",
              "INSERT INTO t DEFAULT VALUES; SELECT quote(a) FROM t"),
    TABLE_ASK("a DEFAULT null", "a DEFAULT 'null'", "INSERT INTO t DEFAULT VALUES; SELECT quote(a) FROM t"),
    TABLE_ASK("a DEFAULT x'AB'", "a DEFAULT 'AB'", "INSERT INTO t DEFAULT VALUES; SELECT quote(a) FROM t"),
    TABLE_ASK("a DEFAULT x'AB'", "a DEFAULT x'ABCD'", "INSERT INTO t DEFAULT VALUES; SELECT quote(a) FROM t"),
    TABLE_ASK("a DEFAULT (1 + 2)", "a DEFAULT (1 - 2)", "INSERT INTO t DEFAULT VALUES; SELECT quote(a) FROM t"),
    TABLE_ASK("a DEFAULT ((1 + 2) * 3)", "a DEFAULT (1 + (2 * 3))",
              "INSERT INTO t DEFAULT VALUES; SELECT quote(a) FROM t"),
    TABLE("a DEFAULT NULL", "a"),
    TABLE("a DEFAULT +1", "a DEFAULT 1"),
    /* keys */
    TABLE("a INT PRIMARY KEY", "a INT"),
    TABLE("a INT PRIMARY KEY", "a INT UNIQUE"),
    TABLE("a INT PRIMARY KEY NOT NULL", "a INT PRIMARY KEY"),
    TABLE("a INT, b INT, PRIMARY KEY (a, b)", "a INT, b INT, PRIMARY KEY (b, a)"),
    TABLE("a INT, b INT, UNIQUE (a, b)", "a INT, b INT, UNIQUE (b, a)"),
    TABLE("a INT, b INT, UNIQUE (a, b)", "a INT UNIQUE, b INT UNIQUE"),
    TABLE_ASK("id INTEGER PRIMARY KEY", "id INT PRIMARY KEY", "INSERT INTO t DEFAULT VALUES; SELECT quote(id) FROM t"),
    TABLE_ASK("id INTEGER PRIMARY KEY", "id INTEGER PRIMARY KEY DESC",
              "INSERT INTO t DEFAULT VALUES; SELECT quote(id) FROM t"),
    TABLE_ASK("id INTEGER PRIMARY KEY DESC", "id INTEGER, PRIMARY KEY (id DESC)",
              "INSERT INTO t DEFAULT VALUES; SELECT quote(id) FROM t"),
    TABLE_ASK("id INTEGER PRIMARY KEY", "id INTEGER(5) PRIMARY KEY",
              "INSERT INTO t DEFAULT VALUES; SELECT quote(id) FROM t"),
    TABLE_ASK("id INTEGER PRIMARY KEY", "id INTEGER PRIMARY KEY AUTOINCREMENT",
              "SELECT count(*) FROM sqlite_schema WHERE name = 'sqlite_sequence'"),
    TABLE("id INTEGER PRIMARY KEY ON CONFLICT REPLACE", "id INTEGER PRIMARY KEY"),
    TABLE_ASK("id INTEGER PRIMARY KEY", "id INTEGER NOT NULL PRIMARY KEY",
              "SELECT \"notnull\" FROM pragma_table_info('t')"),
    TABLE("a, UNIQUE (a) ON CONFLICT REPLACE", "a, UNIQUE (a)"),
    TABLE("a, UNIQUE (a DESC)", "a, UNIQUE (a)"),
    TABLE_ASK("a, UNIQUE (a COLLATE NOCASE)", "a, UNIQUE (a)", "INSERT INTO t VALUES ('x'), ('X')"),
    TABLE_ASK("a COLLATE NOCASE, UNIQUE (a COLLATE BINARY)", "a COLLATE NOCASE, UNIQUE (a)",
              "INSERT INTO t VALUES ('x'), ('X')"),
    TABLE("a CONSTRAINT k UNIQUE", "a UNIQUE"),
    TABLE("a CONSTRAINT k UNIQUE", "a CONSTRAINT l UNIQUE"),
    {"CREATE TABLE t (a INT PRIMARY KEY)", "CREATE TABLE t (a INT PRIMARY KEY) WITHOUT ROWID", NULL},
    {"CREATE TABLE t (a INT)", "CREATE TABLE t (a INT) STRICT", "INSERT INTO t VALUES ('x')"},
    {"CREATE TABLE t (a INTEGER PRIMARY KEY) WITHOUT ROWID",
     "CREATE TABLE t (a INTEGER PRIMARY KEY DESC) WITHOUT ROWID", NULL},
    /* conditions */
    TABLE("a CHECK (a > 0)", "a"),
    TABLE_ASK("a CHECK (a > 0)", "a CHECK (a >= 0)", "INSERT INTO t VALUES (0)"),
    TABLE("a CONSTRAINT k CHECK (a > 0)", "a CHECK (a > 0)"),
    TABLE("a, CHECK (a = 1 OR (a = 2 AND a = 3))", "a, CHECK ((a = 1 OR a = 2) AND a = 3)"),
    TABLE_ASK("a, CHECK ((a) = (1))", "a, CHECK (a = (2))", "INSERT INTO t VALUES (1)"),
    TABLE_ASK("a, CHECK (a = 'x')", "a, CHECK (a = 'X')", "INSERT INTO t VALUES ('x')"),
    TABLE_ASK("a, CHECK (a = \"x\")", "a, CHECK (a = \"X\")", "INSERT INTO t VALUES ('x')"),
    TABLE_ASK("a, b, CHECK (a = \"b\")", "a, b, CHECK (a = 'b')", "INSERT INTO t VALUES ('b', 1)"),
    TABLE_ASK("a, CHECK (a = 1)", "a, CHECK (a = 1.5)", "INSERT INTO t VALUES (1)"),
    TABLE_ASK("a, CHECK (a IS TRUE)", "a, CHECK (a IS \"true\")", "INSERT INTO t VALUES ('true')"),
    TABLE("a, CHECK (a + 1)", "a, CHECK (a - 1)"),
    TABLE("a, CHECK (a NOT NULL)", "a, CHECK (a IS NULL)"),
    TABLE_ASK("a, CHECK (a NOT LIKE 'x')", "a, CHECK (a NOT GLOB 'x')", "INSERT INTO t VALUES ('X')"),
    TABLE("a, CHECK (a || 'b c' > '')", "a, CHECK (a || 'bc' > '')"),
    /* generated columns */
    TABLE("a, b AS (a)", "a, b AS (a) STORED"),
    TABLE("a, b AS (a)", "a, b"),
    TABLE("a, b AS (a + 1)", "a, b AS (a + 2)"),
    /* foreign keys */
    TABLE("a REFERENCES p", "a"),
    TABLE("a REFERENCES p", "a REFERENCES q"),
    TABLE("a REFERENCES p", "a REFERENCES p (x)"),
    TABLE("a REFERENCES p (x)", "a REFERENCES p (y)"),
    TABLE("a REFERENCES p ON DELETE CASCADE", "a REFERENCES p"),
    TABLE("a REFERENCES p ON DELETE CASCADE", "a REFERENCES p ON UPDATE CASCADE"),
    TABLE("a REFERENCES p ON DELETE SET NULL", "a REFERENCES p ON DELETE SET DEFAULT"),
    TABLE("a REFERENCES p ON DELETE RESTRICT", "a REFERENCES p ON DELETE NO ACTION"),
    TABLE("a REFERENCES p DEFERRABLE INITIALLY DEFERRED", "a REFERENCES p"),
    TABLE("a, b, FOREIGN KEY (a, b) REFERENCES p (x, y)", "a, b, FOREIGN KEY (b, a) REFERENCES p (x, y)"),
    TABLE("a REFERENCES p REFERENCES p", "a REFERENCES p"),
    TABLE("a REFERENCES p MATCH FULL", "a REFERENCES p"), /* nothing to SQLite today, and the author's words */
    TABLE("a CONSTRAINT k REFERENCES p", "a REFERENCES p"),
    /* indexes */
    INDEX("CREATE INDEX i ON t (a)", "CREATE INDEX i ON t (b)"),
    INDEX("CREATE INDEX i ON t (a)", "CREATE INDEX j ON t (a)"),
    INDEX("CREATE INDEX i ON t (a)", "CREATE INDEX i ON p (x)"),
    INDEX_ASK("CREATE INDEX i ON t (a)", "CREATE UNIQUE INDEX i ON t (a)", "INSERT INTO t (a) VALUES (1), (1)"),
    INDEX("CREATE INDEX i ON t (a)", "CREATE INDEX i ON t (a DESC)"),
    INDEX("CREATE INDEX i ON t (a, b)", "CREATE INDEX i ON t (b, a)"),
    INDEX("CREATE INDEX i ON t (a COLLATE NOCASE)", "CREATE INDEX i ON t (a)"),
    INDEX("CREATE INDEX i ON t (a) WHERE b > 1", "CREATE INDEX i ON t (a)"),
    INDEX("CREATE INDEX i ON t (a) WHERE b = 'x'", "CREATE INDEX i ON t (a) WHERE b = 'X'"),
    INDEX("CREATE INDEX i ON t (lower(a))", "CREATE INDEX i ON t (upper(a))"),
    INDEX("CREATE INDEX i ON t (a || \"X\")", "CREATE INDEX i ON t (a || \"x\")"),
    INDEX("CREATE INDEX i ON t (a || 'b')", "CREATE INDEX i ON t (a || b)"),
    /* strings in double quotes */
    OVER_MIXED_ASK("CREATE VIEW v AS SELECT Id FROM t WHERE s = \"Open\"",
                   "CREATE VIEW v AS SELECT Id FROM t WHERE s = \"open\"",
                   "INSERT INTO t (s) VALUES ('open'); SELECT count(*) FROM v"),
    OVER_MIXED_ASK("CREATE VIEW v AS SELECT Id FROM t WHERE s = \"At\"",
                   "CREATE VIEW v AS SELECT Id FROM t WHERE s = \"at\"",
                   "INSERT INTO t (s) VALUES ('at'); SELECT count(*) FROM v"),
    OVER_MIXED_ASK("CREATE VIEW v AS SELECT Id FROM t WHERE s = \"Log\"",
                   "CREATE VIEW v AS SELECT Id FROM t WHERE s = \"log\"",
                   "INSERT INTO t (s) VALUES ('log'); SELECT count(*) FROM v"),
    OVER_MIXED_ASK("CREATE VIEW v AS SELECT t.Id FROM t JOIN Log ON \"Open\" = s",
                   "CREATE VIEW v AS SELECT t.Id FROM t JOIN Log ON \"open\" = s",
                   "INSERT INTO Log VALUES (1, 1); INSERT INTO t (s) VALUES ('open'); SELECT count(*) FROM v"),
    OVER_MIXED_ASK("CREATE VIEW v AS SELECT t.Id FROM t JOIN Log ON (s = \"Open\")",
                   "CREATE VIEW v AS SELECT t.Id FROM t JOIN Log ON (s = \"open\")",
                   "INSERT INTO Log VALUES (1, 1); INSERT INTO t (s) VALUES ('open'); SELECT count(*) FROM v"),
    OVER_MIXED_ASK("CREATE VIEW v AS SELECT Id FROM t WHERE s IS NOT DISTINCT FROM \"Open\"",
                   "CREATE VIEW v AS SELECT Id FROM t WHERE s IS NOT DISTINCT FROM \"open\"",
                   "INSERT INTO t (s) VALUES ('open'); SELECT count(*) FROM v"),
    OVER_MIXED_ASK("CREATE VIEW v AS SELECT Id FROM t WHERE s LIKE \"a\" || \"B\" GROUP BY \"c\"",
                   "CREATE VIEW v AS SELECT Id FROM t WHERE s LIKE \"a\" || \"B\" || \"c\"",
                   "INSERT INTO t (s) VALUES ('ab'); SELECT count(*) FROM v"),
    OVER_MIXED_ASK("CREATE VIEW v AS SELECT \"Open\" FROM t", "CREATE VIEW v AS SELECT 'Open' FROM t",
                   "SELECT name FROM pragma_table_info('v')"),
    TRIGGER("BEFORE DELETE ON p BEGIN SELECT RAISE(ABORT, \"Z\"); END",
            "BEFORE DELETE ON p BEGIN SELECT RAISE(ABORT, \"z\"); END"),
    TRIGGER("BEFORE DELETE ON p BEGIN SELECT RAISE(ABORT, Z); END",
            "BEFORE DELETE ON p BEGIN SELECT RAISE(ABORT, z); END"),
    OVER_MIXED("CREATE INDEX i ON t (Id) WHERE s = \"Open\"", "CREATE INDEX i ON t (Id) WHERE s = \"open\""),
    OVER_MIXED("CREATE INDEX i ON t (Id) WHERE s = \"At\"", "CREATE INDEX i ON t (Id) WHERE s = \"at\""),
    OVER_MIXED("CREATE VIEW v AS SELECT 1 AS a FROM t \"left\" JOIN Log",
               "CREATE VIEW v AS SELECT 1 AS a FROM t left JOIN Log"),
    /* views */
    VIEW_ASK("SELECT x FROM p", "SELECT y FROM p", "SELECT name FROM pragma_table_info('v')"),
    VIEW_ASK("SELECT x AS a FROM p", "SELECT x AS A FROM p", "SELECT name FROM pragma_table_info('v')"),
    VIEW_ASK("SELECT x AS a FROM p", "SELECT x FROM p", "SELECT name FROM pragma_table_info('v')"),
    VIEW_ASK("SELECT count(*) FROM p", "SELECT COUNT(*) FROM p", "SELECT name FROM pragma_table_info('v')"),
    VIEW_ASK("SELECT x+y FROM p", "SELECT x + y FROM p", "SELECT name FROM pragma_table_info('v')"),
    VIEW_ASK("SELECT x+y FROM p", "SELECT x /* and */ + y FROM p", "SELECT name FROM pragma_table_info('v')"),
    VIEW_ASK("SELECT NULL, x FROM p", "SELECT null, x FROM p", "SELECT name FROM pragma_table_info('v')"),
    VIEW_ASK("SELECT \"Abc\" AS a FROM p", "SELECT \"abc\" AS a FROM p",
             "INSERT INTO p VALUES (1, 2, 3); SELECT a FROM v"),
    VIEW_ASK("SELECT x FROM p WHERE z = \"A\"", "SELECT x FROM p WHERE z = \"a\"",
             "INSERT INTO p VALUES (1, 2, 'a'); SELECT count(*) FROM v"),
    VIEW_ASK("SELECT 'a' AS a", "SELECT 'A' AS a", "SELECT a FROM v"),
    VIEW("SELECT x FROM p", "SELECT DISTINCT x FROM p"),
    VIEW("SELECT x FROM p UNION SELECT n FROM q", "SELECT x FROM p UNION ALL SELECT n FROM q"),
    VIEW("SELECT x FROM p WHERE y > 1", "SELECT x FROM p WHERE y > 1.0"),
    {"CREATE VIEW v (a) AS SELECT x FROM p", "CREATE VIEW v (A) AS SELECT x FROM p",
     "SELECT name FROM pragma_table_info('v')"},
    {"CREATE VIEW v (a) AS SELECT x FROM p", "CREATE VIEW v AS SELECT x FROM p",
     "SELECT name FROM pragma_table_info('v')"},
    /* triggers */
    TRIGGER("AFTER INSERT ON p BEGIN SELECT 1; END", "BEFORE INSERT ON p BEGIN SELECT 1; END"),
    TRIGGER("AFTER INSERT ON p BEGIN SELECT 1; END", "AFTER UPDATE ON p BEGIN SELECT 1; END"),
    TRIGGER("AFTER INSERT ON p BEGIN SELECT 1; END", "AFTER INSERT ON q BEGIN SELECT 1; END"),
    TRIGGER("AFTER INSERT ON p BEGIN SELECT 1; END", "AFTER INSERT ON p BEGIN SELECT 2; END"),
    TRIGGER("AFTER INSERT ON p BEGIN SELECT 'a'; END", "AFTER INSERT ON p BEGIN SELECT 'A'; END"),
    TRIGGER("AFTER UPDATE OF y ON p BEGIN SELECT 1; END", "AFTER UPDATE ON p BEGIN SELECT 1; END"),
    TRIGGER("AFTER UPDATE OF y ON p BEGIN SELECT 1; END", "AFTER UPDATE OF z ON p BEGIN SELECT 1; END"),
    TRIGGER("AFTER INSERT ON p WHEN NEW.x BEGIN SELECT 1; END", "AFTER INSERT ON p BEGIN SELECT 1; END"),
    TRIGGER("AFTER INSERT ON p BEGIN SELECT 1; SELECT 2; END", "AFTER INSERT ON p BEGIN SELECT 2; SELECT 1; END"),
    /* virtual tables */
    {"CREATE VIRTUAL TABLE t USING fts5 (a, b)", "CREATE VIRTUAL TABLE t USING fts5 (a, c)", NULL},
    {"CREATE VIRTUAL TABLE t USING fts5 (a)", "CREATE VIRTUAL TABLE t USING fts4 (a)", NULL},
    {"CREATE VIRTUAL TABLE t USING fts5 (a, tokenize = 'porter')",
     "CREATE VIRTUAL TABLE t USING fts5 (a, tokenize = 'ascii')", NULL},
    /* kinds */
    {"CREATE TABLE t (a)", "CREATE VIEW t AS SELECT 1 AS a", NULL},
};

/* --- the judge ------------------------------------------------------------------------------------------------------- */

static mo_conn *loaded(const char *sql)
{
    mo_conn *c = NULL;
    cr_assert(mo_sqlite_open_memory(&c, &help_err) == MOULT_OK);
    help_exec(c, PRELUDE);
    help_exec(c, sql);
    return c;
}

static int add_row(void *user, size_t count, const mo_value *values)
{
    char number[40];
    for (size_t i = 0; i < count; i++) {
        snprintf(number, sizeof number, "%lld", (long long)values[i].integer);
        mo_str_add(user, values[i].type == MOULT_VALUE_TEXT      ? values[i].text
                         : values[i].type == MOULT_VALUE_INTEGER ? number
                                                                 : "-");
        mo_str_addc(user, '|');
    }
    mo_str_addc(user, '\n');
    return MOULT_OK;
}

/* What SQLite answers: rows, or the error. Several statements: rows of the last. */
static void answer(mo_conn *c, const char *sql, mo_str *out)
{
    const char *last = strrchr(sql, ';');
    int rc = MOULT_OK;
    if (last) {
        mo_str first = {0};
        mo_str_addn(&first, sql, (size_t)(last - sql));
        rc = mo_sqlite_exec(c, mo_str_text(&first), NULL, &help_err);
        mo_str_free(&first);
    }
    if (rc == MOULT_OK)
        rc = mo_sqlite_query(c, last ? last + 1 : sql, NULL, 0, add_row, out, NULL, &help_err);
    if (rc != MOULT_OK)
        mo_str_add(out, help_err.pub.engine_code);
}

/* All that the pragmas say, where it does not depend on the order of columns; then the row of defaults. */
static void describe(mo_conn *c, mo_str *out)
{
    answer(
        c,
        "SELECT lower(m.name), lower(x.name), replace(replace(lower(x.type), ' ', ''), char(10), ''), x.pk, x.hidden,"
        " CASE WHEN x.pk AND NOT EXISTS (SELECT 1 FROM pragma_index_list(m.name) WHERE origin = 'pk') THEN 0"
        " ELSE x.\"notnull\" END FROM sqlite_schema m, pragma_table_xinfo(m.name) x WHERE m.type = 'table'"
        " AND m.name NOT LIKE 't\\_%' ESCAPE '\\' ORDER BY 1, 2",
        out);
    answer(
        c,
        "SELECT lower(m.name), l.\"unique\", l.origin, l.partial, k.seqno, lower(k.name), k.desc, lower(k.coll), k.key"
        " FROM sqlite_schema m, pragma_index_list(m.name) l, pragma_index_xinfo(l.name) k"
        " WHERE m.type = 'table' AND m.name NOT LIKE 't\\_%' ESCAPE '\\' AND k.key"
        " ORDER BY 1, 2, 3, 4, (SELECT group_concat(name) FROM pragma_index_info(l.name)), k.seqno",
        out);
    answer(c,
           "SELECT lower(m.name), lower(f.\"table\"), lower(f.\"from\"), lower(f.\"to\"), f.on_update, f.on_delete"
           " FROM sqlite_schema m, pragma_foreign_key_list(m.name) f WHERE m.type = 'table' ORDER BY 1, 2, 3, 4",
           out);
    answer(c, "SELECT name FROM sqlite_schema m, pragma_table_info(m.name) WHERE m.type = 'view'", out);
    answer(c, "INSERT INTO t DEFAULT VALUES; SELECT * FROM t", out);
}

static void fingerprint(mo_conn *c, const char *sql, char out[65])
{
    mo_schema *s = NULL;
    cr_assert(mo_sqlite_introspect(c, &s, &help_err) == MOULT_OK, "%s: %s", sql, help_err.pub.message);
    for (size_t i = 0; i < s->objects.count; i++)
        cr_assert_eq(s->objects.items[i]->flags, 0, "%s: %s", sql, s->objects.items[i]->note);
    strcpy(out, s->fingerprint);
    mo_schema_free(s);
}

Test(canonical, is_the_same)
{
    for (size_t i = 0; i < sizeof same / sizeof *same; i++) {
        mo_conn *a = loaded(same[i].a), *b = loaded(same[i].b);
        mo_str says_a = {0}, says_b = {0};
        char left[65], right[65];
        fingerprint(a, same[i].a, left);
        fingerprint(b, same[i].b, right);
        cr_expect_str_eq(left, right, "these should be no difference:\n  %s\n  %s", same[i].a, same[i].b);
        describe(a, &says_a);
        describe(b, &says_b);
        /* What has more columns than one comes back in another order when its columns do. */
        if (strncmp(same[i].a, "CREATE TABLE t (a INT, b TEXT", 29) != 0 && strstr(same[i].b, "AS (a), a") == NULL &&
            strstr(same[i].a, "AS (a), a") == NULL)
            cr_expect_str_eq(mo_str_text(&says_a), mo_str_text(&says_b), "SQLite sees a difference:\n  %s\n  %s",
                             same[i].a, same[i].b);
        mo_str_free(&says_a);
        mo_str_free(&says_b);
        mo_sqlite_close(a);
        mo_sqlite_close(b);
    }
}

Test(canonical, differs)
{
    for (size_t i = 0; i < sizeof different / sizeof *different; i++) {
        const pair *p = &different[i];
        mo_conn *a = loaded(p->a), *b = loaded(p->b);
        mo_str says_a = {0}, says_b = {0};
        char left[65], right[65];
        fingerprint(a, p->a, left);
        fingerprint(b, p->b, right);
        cr_expect_str_neq(left, right, "these should be a difference:\n  %s\n  %s", p->a, p->b);
        if (p->question) {
            answer(a, p->question, &says_a);
            answer(b, p->question, &says_b);
            cr_expect_str_neq(mo_str_text(&says_a), mo_str_text(&says_b), "SQLite sees no difference:\n  %s\n  %s",
                              p->a, p->b);
        }
        mo_str_free(&says_a);
        mo_str_free(&says_b);
        mo_sqlite_close(a);
        mo_sqlite_close(b);
    }
}

/* Equal tokens must mean an equal definition: none of the pairs that differ may have them. */
Test(canonical, tokens_differ_where_definitions_do)
{
    for (size_t i = 0; i < sizeof different / sizeof *different; i++) {
        const char *text[2] = {different[i].a, different[i].b};
        mo_hash hash[2];
        for (int k = 0; k < 2; k++) {
            mo_schema *s = mo_schema_new();
            mo_object *o = NULL;
            const char *last = strrchr(text[k], ';');
            if (!last || strncmp(last + 1, " CREATE", 7) != 0)
                last = text[k] - 1;
            cr_assert(mo_sqlite_read_object(s, last + 1, strlen(last + 1), &o, &help_err) == MOULT_OK, "%s: %s",
                      text[k], help_err.pub.message);
            hash[k] = o->tokens;
            mo_schema_free(s);
        }
        cr_expect_not(mo_hash_equal(hash[0], hash[1]), "%s\n  %s", text[0], text[1]);
    }
}

Test(canonical, tokens_do_not_see_spelling)
{
    static const char *const texts[][2] = {
        {"CREATE TABLE t (a INT NOT NULL)", "create  table t(a INT not null -- so\n)"},
        {"CREATE TABLE t (a INT)", "CREATE TABLE IF NOT EXISTS main.t (a INT);"},
        {"CREATE INDEX i ON t (a)", "create index i on T ( \"A\" asc )"},
        {"CREATE VIEW v AS SELECT a FROM t", "create view v as select A from t"},
        {"CREATE TRIGGER g AFTER INSERT ON t BEGIN SELECT 1; END",
         "create trigger g after insert on t begin select 1;end"},
        {"CREATE VIRTUAL TABLE t USING fts5(a, b)", "create virtual table t using fts5 ( a , b )"},
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        mo_schema *s = mo_schema_new();
        mo_object *a = NULL, *b = NULL;
        cr_assert(mo_sqlite_read_object(s, texts[i][0], strlen(texts[i][0]), &a, &help_err) == MOULT_OK);
        cr_assert(mo_sqlite_read_object(s, texts[i][1], strlen(texts[i][1]), &b, &help_err) == MOULT_OK);
        cr_expect(mo_hash_equal(a->tokens, b->tokens), "%s", texts[i][0]);
        mo_schema_free(s);
    }
}
