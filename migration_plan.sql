-- moult plan 7da3d5dd5015b501e2f5af35d99cd4eeb0bf18d592920274b82269e4e3a5b5d4
-- from schema f163c933ad089e4a2920245e7e8bdf7a16aa22bbee06a74a52d844ad4455b7c2
-- to schema   5a3c761296b8bb75ee0888d4a51fc86cce16ee16863d3a8408233ee89610ddca
--
-- risk: safe
-- safe    create table u
--
-- Run it with the shell of SQLite: sqlite3 DATABASE < THIS_FILE
-- It is one transaction. Whatever stops it, nothing is changed.

.bail on
.dbconfig dqs_ddl on
.dbconfig dqs_dml on
PRAGMA foreign_keys=off;
BEGIN IMMEDIATE;
CREATE TABLE IF NOT EXISTS _moult_history (version INTEGER PRIMARY KEY, applied_at TEXT NOT NULL, applied_by TEXT NOT NULL, host TEXT NOT NULL, plan_id TEXT, from_schema TEXT NOT NULL, to_schema TEXT NOT NULL, kind TEXT NOT NULL, changes INTEGER NOT NULL, seconds REAL NOT NULL, tool TEXT NOT NULL, declared TEXT, chain TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS _moult_state (inputs TEXT PRIMARY KEY, marker TEXT NOT NULL, outcome TEXT NOT NULL, version INTEGER NOT NULL, recorded_at TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS _moult_plan (id TEXT PRIMARY KEY, body TEXT NOT NULL, stored_at TEXT NOT NULL, approved_at TEXT, approved_by TEXT, approved_host TEXT, used_at TEXT);
CREATE TABLE IF NOT EXISTS _moult_hook (version TEXT PRIMARY KEY, code TEXT NOT NULL, state TEXT NOT NULL, schema_version INTEGER NOT NULL, recorded_at TEXT NOT NULL, seconds REAL NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS _moult_journal (id INTEGER PRIMARY KEY CHECK (id = 1), plan_id TEXT NOT NULL, declared_fp TEXT NOT NULL, declared TEXT, hooks TEXT, started_at TEXT NOT NULL, applied_by TEXT NOT NULL, host TEXT NOT NULL, pid INTEGER NOT NULL, risk INTEGER NOT NULL, parts INTEGER NOT NULL, done INTEGER NOT NULL, step INTEGER NOT NULL, steps INTEGER NOT NULL, title TEXT NOT NULL, message TEXT, options INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS _moult_attic (id INTEGER PRIMARY KEY, version INTEGER NOT NULL, kind TEXT NOT NULL, object TEXT NOT NULL, holder TEXT NOT NULL, identity TEXT NOT NULL, "columns" TEXT NOT NULL, "keys" TEXT NOT NULL, "others" TEXT NOT NULL, "rows" INTEGER NOT NULL, created_at TEXT NOT NULL, expires TEXT, definition TEXT NOT NULL, holder_sql TEXT NOT NULL);
CREATE TEMP TABLE _moult_stop (n INTEGER CONSTRAINT "something was applied since this plan was made: make a new one" CHECK (n = 0));
INSERT INTO temp._moult_stop SELECT count(*) FROM (
SELECT 1 FROM (SELECT coalesce(max(version), 0) AS last FROM _moult_history) AS h WHERE last <> 1
);
DROP TABLE temp._moult_stop;

-- step 1 of 1 (expand)
-- CREATE TABLE u …
CREATE TABLE u (id INTEGER PRIMARY KEY);

INSERT INTO _moult_history (version, applied_at, applied_by, host, plan_id, from_schema, to_schema, kind, changes, seconds, tool, declared, chain) VALUES (2, '2026-11-26T00:00:56.218Z', 'root', 'vm', '7da3d5dd5015b501e2f5af35d99cd4eeb0bf18d592920274b82269e4e3a5b5d4', 'f163c933ad089e4a2920245e7e8bdf7a16aa22bbee06a74a52d844ad4455b7c2', '5a3c761296b8bb75ee0888d4a51fc86cce16ee16863d3a8408233ee89610ddca', 'script', 1, 0, '0.1.0', '{
 "fingerprint": "5a3c761296b8bb75ee0888d4a51fc86cce16ee16863d3a8408233ee89610ddca",
 "format": "moult-schema",
 "format_version": 1,
 "objects": [
  {
   "kind": "table",
   "name": "t",
   "parent": null,
   "sql": "CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT)",
   "tokens": "3d5cb5cef2ab50b1b39100ca8469610f"
  },
  {
   "kind": "table",
   "name": "u",
   "parent": null,
   "sql": "CREATE TABLE u (id INTEGER PRIMARY KEY)",
   "tokens": "905ffe75aa418264c435c092b67cde93"
  }
 ]
}', 'c7195ed6a948380f7c28642a7ce269df6e8dd68c51daa3c31158a986965fc9d8');
COMMIT;
