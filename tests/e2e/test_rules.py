# SPDX-License-Identifier: MIT
"""The rules are one table: `moult rules`, the table of docs/rules.md and the pages of docs/rules/ say the same, and each
rule has a case where it fires and one where it nearly does.

MOULT_REWRITE=1 writes the table and the pages anew; what their examples print is written by test_docs.py.
"""
import json
import os
import sqlite3
import subprocess

import pytest

import case_postgres
import pages
from conftest import ROOT, program
from matrix import risk

PAGE = ROOT / "docs" / "rules.md"
FOLDER = ROOT / "docs" / "rules"
# Rules of what SQLite does not have fire in cases of PostgreSQL, which test_cases_postgres.py runs.
POSTGRES = {c.name: c for c in case_postgres.from_files() if c.name.startswith("risk/rule/")}
CASES = {c.name: c for c in risk.cases()} | POSTGRES
# Rules that no two schemas show: what does, is below, and in tests/unit/test_risk.c.
WITHOUT_CASE = {"data-hook", "unclassified"}
BEGIN, END = "<!-- made by 'moult rules' -->\n", "<!-- end -->\n"
REWRITE = os.environ.get("MOULT_REWRITE") == "1"


def run(*words: str) -> subprocess.CompletedProcess:
    return subprocess.run([program(), "rules", *words], capture_output=True, text=True, check=False)


def rules() -> list[dict]:
    found = json.loads(run("--format", "json").stdout)
    assert found["format"] == "moult-rules"
    return found["rules"]


def table() -> str:
    lines = ["| rule | level | what happens | what to do | the rows can lower it |", "| --- | --- | --- | --- | --- |"]
    for r in rules():
        lines.append(f"| [`{r['id']}`](rules/{r['id']}.md) | {r['level']} | {r['what']} | {r['advice'] or ''} | {'yes' if r['eases'] else ''} |")
    return "\n".join(["", *lines, "", ""])


def test_the_page_has_the_table():
    text = PAGE.read_text(encoding="utf-8")
    head, rest = text.split(BEGIN)
    old, tail = rest.split(END)
    if REWRITE:
        PAGE.write_text(head + BEGIN + table() + END + tail, encoding="utf-8")
    else:
        assert old == table(), "run it with MOULT_REWRITE=1"


def test_ids_are_unique_and_words():
    ids = [r["id"] for r in rules()]
    assert len(set(ids)) == len(ids)
    assert all(i == i.lower() and set(i) <= set("abcdefghijklmnopqrstuvwxyz-") and len(i) <= 31 for i in ids)


def test_text_and_json_are_the_same():
    lines = run().stdout.splitlines()
    assert [line.split()[:2] for line in lines] == [[r["id"], r["level"]] for r in rules()]


def test_one_is_shown_whole():
    for r in rules():
        shown = " ".join(run(r["id"]).stdout.split())
        assert shown.startswith(f"{r['id']}: {r['level']}")
        for part in filter(None, (r["what"], r["why"], r["asks"], r["advice"])):
            assert " ".join(part.split()) in shown
        alone = json.loads(run(r["id"], "--format", "json").stdout)
        assert alone["rules"] == [r]


def test_an_unknown_one_names_the_nearest():
    asked = run("drop-colum")
    assert asked.returncode == 1 and "did you mean 'drop-column'?" in asked.stderr


# --- a page for each -----------------------------------------------------------------------------------------------------


def example(rule: dict) -> str:
    """The case of the rule, as commands; what they print is not here."""
    if rule["id"] in WITHOUT_CASE:
        return ""
    case = CASES[f"risk/rule/{rule['id']}"]
    files = [("before.sql", case.before), ("rows.sql", case.rows), ("after.sql", case.after)]
    out = ["", "## An example", ""]
    for name, text in files:
        if text:
            out += [f"`{name}`:", "", "```sql", f"-- {name}", text.rstrip(), "```", ""]
    if case.name in POSTGRES:
        return "\n".join([*out[:2], "", "On PostgreSQL, from `before.sql` to `after.sql`:", *out[2:]])
    flags = f" {case.get('flags')}" if case.get("flags") else ""
    out += ["```console", "$ moult apply --url app.db --to before.sql > /dev/null"]
    out += ["$ sqlite3 app.db < rows.sql"] if case.rows else []
    out += [f"$ moult plan --url app.db --to after.sql{flags}", "```"]
    return "\n".join(out) + "\n"


def sentence(text: str) -> str:
    return text[0].upper() + text[1:] + ("" if text.endswith(".") else ".")


def page(rule: dict) -> str:
    asks = rule["asks"] or "Nothing: it does not depend on them."
    advice = sentence(rule["advice"]) if rule["advice"] else "Nothing."
    return (f"# {rule['id']}\n\n*{rule['level']}*: {rule['what']}.\n\n"
            f"**Why.** {rule['why']}\n\n**What is asked of the rows.** {asks}\n\n**What to do.** {advice}\n\n"
            f"Another level for all objects: `--rule {rule['id']}=safe`. Allowed for one object: "
            f"`-- @allow {rule['id']}: REASON` ([how](../rules.md#other-levels)).\n" + example(rule))


def without_output(text: str) -> str:
    parts = pages.read(text)
    for part in parts:
        if part.kind == "command":
            part.lines = []
    return pages.write(parts)


@pytest.mark.parametrize("rule", rules(), ids=lambda r: r["id"])
def test_page_of(rule):
    path = FOLDER / f"{rule['id']}.md"
    old = path.read_text(encoding="utf-8") if path.exists() else ""
    if without_output(old) == page(rule):
        return
    assert REWRITE, "run it with MOULT_REWRITE=1, then test_docs.py"
    FOLDER.mkdir(exist_ok=True)
    path.write_text(page(rule), encoding="utf-8")


def test_no_other_page():
    assert {p.stem for p in FOLDER.glob("*.md")} == {r["id"] for r in rules()}


def test_each_has_two_cases():
    for r in rules():
        names = {f"risk/rule/{r['id']}", f"risk/rule/{r['id']}-nearly"}
        assert names <= set(CASES) or r["id"] in WITHOUT_CASE, r["id"]
        if r["id"] not in WITHOUT_CASE:
            fires = CASES[f"risk/rule/{r['id']}"].get("rule")
            assert any(f"={r['id']}:" in line for line in fires)


def test_a_hook_is_judged(tmp_path, moult):
    (tmp_path / "a.sql").write_text("CREATE TABLE t (id INTEGER PRIMARY KEY);\n")
    (tmp_path / "b.sql").write_text("CREATE TABLE t (id INTEGER PRIMARY KEY, a);\n-- @allow data-hook 001_fill: it was tried\n")
    assert moult("apply", "--url", "app.db", "--to", "a.sql", cwd=tmp_path).code == 0
    (tmp_path / "hooks").mkdir()
    (tmp_path / "hooks" / "001_fill.before_ddl.sql").write_text("UPDATE t SET a = 1;\n")

    def judged(*flags):
        plan = moult("plan", "--url", "app.db", "--to", "b.sql", "--format", "json", *flags, cwd=tmp_path).json()
        return {c["name"]: (c["rule"], c["risk"]) for c in plan["changes"]}

    assert judged()["001_fill"] == ("data-hook", "safe")
    text = (tmp_path / "b.sql").read_text().split("-- @allow")[0]
    (tmp_path / "b.sql").write_text(text)
    assert judged()["001_fill"] == ("data-hook", "medium")
    assert judged("--rule", "data-hook=high")["001_fill"] == ("data-hook", "high")
    (tmp_path / "hooks" / "001_fill.before_ddl.sql").unlink()
    assert "001_fill" not in judged()


def test_a_hook_may_put_rows_right(tmp_path, moult):
    """Rows that forbid a change stop an apply before its first step, but not while a hook is to run that changes them."""
    before = "CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT, p INTEGER);\nCREATE TABLE p (id INTEGER PRIMARY KEY);\n"
    after = ("CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT NOT NULL UNIQUE CHECK (a <> ''), p INTEGER REFERENCES p);\n"
             "CREATE TABLE p (id INTEGER PRIMARY KEY);\n")
    (tmp_path / "a.sql").write_text(before)
    (tmp_path / "b.sql").write_text(after)

    def apply(source):
        return moult("apply", "--url", "app.db", "--to", source, "--mode", "aggressive", "--no-backup", cwd=tmp_path)

    assert apply("a.sql").code == 0
    with sqlite3.connect(tmp_path / "app.db") as db:
        db.execute("INSERT INTO t VALUES (1, 'x', 1), (2, 'x', 2), (3, NULL, NULL), (4, '', NULL)")
    assert "becomes NOT NULL, and is NULL in 1 row (id 3)" in apply("b.sql").err
    (tmp_path / "hooks").mkdir()
    hook = tmp_path / "hooks" / "001_fix.before_ddl.sql"
    hook.write_text("UPDATE t SET a = coalesce(a, '?') || id;\nINSERT INTO p VALUES (1), (2);\n")
    told = moult("plan", "--url", "app.db", "--to", "b.sql", cwd=tmp_path).out
    assert "1 of 4 rows breaks it (id 4); a hook may change them before" in told
    assert "2 of 4 rows have no parent (ids 1, 2); a hook may change them before" in told
    done = apply("b.sql")
    assert done.code == 0, done
    with sqlite3.connect(tmp_path / "app.db") as db:
        assert db.execute("SELECT a FROM t ORDER BY id").fetchall() == [("x1",), ("x2",), ("?3",), ("4",)]


@pytest.mark.parametrize("annotation, options, backups", [
    (" -- @allow drop-column t.b: nobody reads it", (), 1), ("", ("--rule", "drop-column=safe"), 1),
    (" -- @allow drop-column t.b: nobody reads it", ("--no-backup",), 0)])
def test_what_is_allowed_is_backed_up_all_the_same(moult, tmp_path, annotation, options, backups):
    """A level that a person gives says that nobody need be asked, not that nothing is lost."""
    (tmp_path / "a.sql").write_text("CREATE TABLE t (a, b);")
    (tmp_path / "b.sql").write_text(f"CREATE TABLE t ({annotation}\n a);")
    apply = ("apply", "--url", "app.db", "--no-attic", "--to")
    assert moult(*apply, "a.sql", cwd=tmp_path).code == 0
    with sqlite3.connect(tmp_path / "app.db") as db:
        db.execute("INSERT INTO t VALUES (1, 'kept')")
    assert moult(*apply, "b.sql", *options, cwd=tmp_path).code == 0
    assert len(list(tmp_path.glob("app.db-moult-backup-*"))) == backups
