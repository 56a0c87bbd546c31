# SPDX-License-Identifier: MIT
"""A case: a database before, the schema it shall have, and what must hold of the way there and back.

A case is a text file under tests/cases/ (or made by tests/matrix/). Its first lines are a comment that says what it
shows; then come sections, each begun by a line "== name":

    # A new column that may be NULL takes the native ALTER.
    == before
    CREATE TABLE users (id INTEGER PRIMARY KEY);
    == rows
    INSERT INTO users VALUES (1);
    == after
    CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT);
    == expect
    method: users=native

Sections
    before    SQL; the schema that is there (none: an empty file)
    rows      SQL that runs after it: INSERTs, ALTERs that leave short rows, anything
    drift     SQL that somebody else runs, after moult has recorded `before`
    hooks     data hooks: each begins with a line "-- file: 010_name.before_ddl.sql"
    after     the desired SQL
    expected  SQL of what the database shall be, where that is not `after` (carried objects)
    back      the desired SQL of the way back, where that is not `before` (annotations)
    expect    lines "name: value"; all have defaults

Lines of expect
    outcome:  converges (default) · empty · refused · impossible · error
    method:   name=rung, …    the dearest rung of the steps on that object: none, native, in-place, rebuild, online, create,
              drop; a|b where both are right
    risk:     safe, medium or high: the risk of the plan
    mode:     default aggressive (for refused: safe)
    flags:    more options for plan and apply
    exit:     the exit code, where it is not that of the outcome
    error:    a text that the error has (may be repeated)
    says:     a text that `moult plan` prints (may be repeated)
    sends:    a text that some statement of the plan has (may be repeated)
    rule:     NAME=RULE:LEVEL   the plan has a change of that name, with that rule and level (may be repeated)
    no_rule:  a rule that no change of the plan has (may be repeated)
    keep:     SQL => lines      statements run on a copy afterwards; the last one's rows, values joined by |, rows by ;
    keep_back: the same, after the way back
    back:     yes (default) · refused (an @fill is asked for) · no
    variants: adopted, all      adopted: `before` is recorded first; all: no history, --own=all
    again:    history: the second plan is made with the history there (names that were swapped: without it nobody can
              know that it was done)
    skip_rows: all, or names of tables whose rows are not compared
    attic:    what 'moult rollback' brings back, where the plan keeps anything: all (default) · some · no
    rowids:   no: the rowids of tables without INTEGER PRIMARY KEY need not be kept
"""
from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

import judge

ROOT = Path(__file__).resolve().parents[2]
CASES = ROOT / "tests" / "cases"
SECTIONS = {"before", "rows", "drift", "hooks", "after", "expected", "back", "expect"}
REPEATED = {"error", "says", "sends", "keep", "keep_back", "rule", "no_rule"}
KNOWN = REPEATED | {"outcome", "method", "risk", "mode", "flags", "exit", "back", "variants", "again", "skip_rows", "rowids",
                    "attic"}
EXITS = {"converges": 0, "empty": 0, "refused": 3, "impossible": 1, "error": 1}
RUNGS = ["none", "native", "in-place", "rebuild", "online"]


@dataclass
class Case:
    name: str
    after: str
    before: str = ""
    rows: str = ""
    drift: str = ""
    hooks: str = ""
    expected: str | None = None
    back_sql: str | None = None
    about: str = ""
    expect: dict = field(default_factory=dict)
    outside: str = ""  # of dialects with more than one schema: what is there that nobody declares

    def get(self, key: str, default=None):
        return self.expect.get(key, default)

    @property
    def outcome(self) -> str:
        return self.get("outcome", "converges")

    @property
    def variants(self) -> list[str]:
        return [v.strip() for v in self.get("variants", "adopted, all").split(",")]


def make(name: str, before: str, rows: str, after: str, *, about: str = "", back_sql: str | None = None, drift: str = "",
         expected: str | None = None, **expect) -> Case:
    """A case made by a program. keep, error and says are lists."""
    unknown = set(expect) - KNOWN
    assert not unknown, f"{name}: {unknown}"
    return Case(name, after, before, rows, drift, "", expected, back_sql, about, expect)


def parse(path: Path, root: Path = CASES, more_sections: frozenset = frozenset(), known: frozenset = frozenset(KNOWN)) -> Case:
    sections: dict[str, list[str]] = {}
    about, current = [], None
    for number, line in enumerate(path.read_text(encoding="utf-8").split("\n"), 1):
        if line.startswith("== "):
            current = line[3:].strip()
            if current not in SECTIONS | more_sections or current in sections:
                raise ValueError(f"{path}:{number}: no such section, or a second one: {current!r}")
            sections[current] = []
        elif current:
            sections[current].append(line)
        elif line.startswith("#"):
            about.append(line.lstrip("# "))
        elif line.strip():
            raise ValueError(f"{path}:{number}: text before the first section")
    if not about or "after" not in sections:
        raise ValueError(f"{path}: says nothing about itself, or has no section 'after'")
    expect: dict = {}
    for line in sections.get("expect", []):
        if not line.strip() or line.startswith("#"):
            continue
        key, colon, value = line.partition(":")
        key, value = key.strip(), value.strip()
        if not colon or key not in known:
            raise ValueError(f"{path}: cannot read {line!r}")
        if key in REPEATED:
            expect.setdefault(key, []).append(value)
        else:
            expect[key] = value
    text = {k: "\n".join(v).strip("\n") + "\n" for k, v in sections.items() if k != "expect"}
    name = str(path.relative_to(root).with_suffix(""))
    return Case(name, text["after"], text.get("before", ""), text.get("rows", ""), text.get("drift", ""), text.get("hooks", ""),
                text.get("expected"), text.get("back"), " ".join(about), expect, text.get("outside", ""))


def from_files() -> list[Case]:
    return [parse(p) for p in sorted(CASES.rglob("*.case"))]


# ---------------------------------------------------------------------------------------------------------------------
# Renames, as the annotations at the ends of lines tell them
# ---------------------------------------------------------------------------------------------------------------------


def first_name(text: str) -> str | None:
    ts = judge.tokens(text)
    return judge.fold(ts[0].raw.strip("'")) if ts else None


def renames_of(sql: str) -> judge.Renames:
    """The renames of a desired schema whose columns stand one on a line."""
    out = judge.Renames()
    table = None
    for line in sql.split("\n"):
        m = re.match(r"\s*CREATE\s+(?:VIRTUAL\s+)?TABLE\s+(?:IF\s+NOT\s+EXISTS\s+)?(.*)", line, re.I)
        if m:
            table = first_name(m.group(1))
        note = re.search(r"--\s*@renamed\s+from=(.+?)\s*$", line)
        if not note or table is None:
            continue
        old = first_name(note.group(1))
        if m:
            out.tables[old] = table
        else:
            out.columns.setdefault(table, {})[old] = first_name(line)
    return out


# ---------------------------------------------------------------------------------------------------------------------
# Running a case
# ---------------------------------------------------------------------------------------------------------------------


class Failed(AssertionError):
    """A case does not hold; the message tells what to look at."""


@dataclass
class Result:
    args: list[str]
    code: int
    out: str
    err: str

    def __str__(self) -> str:
        return f"$ moult {' '.join(self.args)}\nexit {self.code}\n{self.out}{self.err}"

    def json(self):
        return json.loads(self.out)


class Moult:
    """The command."""

    def __init__(self, program: str):
        self.program = program

    def __call__(self, *args: object, cwd: Path | None = None, stdin: bytes | None = None, env: dict | None = None,
                 timeout: float = 120, under: tuple[str, ...] = ()) -> Result:
        """`under`: a command that starts it."""
        words = [str(a) for a in args]
        clean = {k: v for k, v in os.environ.items() if k not in ("DATABASE_URL",)}
        p = subprocess.run([*under, self.program, *words], input=stdin if stdin is not None else b"", capture_output=True,
                           cwd=cwd, timeout=timeout, env={**clean, "NO_COLOR": "1", "TERM": "dumb", **(env or {})})
        return Result(words, p.returncode, p.stdout.decode("utf-8", "replace"), p.stderr.decode("utf-8", "replace"))


def url(path: Path) -> str:
    return f"sqlite:///{path}"


def check(condition: object, *about: object) -> None:
    if not condition:
        raise Failed("\n".join(str(a) for a in about))


def build_database(path: Path, case: Case) -> None:
    db = judge.connect(str(path))
    db.execute("PRAGMA synchronous=OFF")
    for sql in (case.before, case.rows):
        if sql.strip():
            judge.run_script(db, sql) if sql is case.before else db.executescript(sql)
    db.close()


def file_hash(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.exists() else "absent"


def evaluate(path: Path, script: str) -> str:
    """Runs statements on a copy; the rows of the last one as text."""
    source, db = judge.connect(str(path)), judge.connect(":memory:")
    source.backup(db)
    source.close()
    rows: list = []
    for statement in judge.split_script(script):
        try:
            rows = db.execute(statement).fetchall()
        except judge.sqlite3.Error as e:
            rows = [(judge.error_name(e),)]
    db.close()
    return ";".join("|".join("NULL" if v is None else str(v) for v in r) for r in rows)


class Run:
    def __init__(self, case: Case, variant: str, where: Path, moult: Moult):
        self.case, self.variant, self.where, self.moult = case, variant, where, moult
        self.db = where / "app.db"
        self.start = where / "start.db"
        for name, sql in (("before", case.before), ("after", case.after), ("back", case.back_sql or case.before)):
            self.write_source(name, sql)
        self.own = ["--own=all"] if variant == "all" else []
        self.flags = case.get("flags", "").split()

    def write_hooks(self) -> None:
        for part in self.case.hooks.split("-- file: ")[1:]:
            name, _, sql = part.partition("\n")
            folder = self.where / "hooks"
            folder.mkdir(exist_ok=True)
            (folder / name.strip()).write_text(sql, encoding="utf-8")

    def write_source(self, name: str, sql: str) -> None:
        if sql.strip():
            (self.where / f"{name}.sql").write_text(sql, encoding="utf-8")
            return
        # That nothing shall be there is said by an empty database: an empty file is taken for a slip.
        db = judge.connect(str(self.where / f"{name}.db"))
        db.execute("VACUUM")
        db.close()

    def source(self, name: str) -> str:
        return f"{name}.sql" if (self.where / f"{name}.sql").exists() else f"{name}.db"

    def command(self, verb: str, source: str, *more: str) -> Result:
        return self.moult(verb, "--url", url(self.db), "--to", self.source(source), *self.own, *self.flags, *more,
                          cwd=self.where)

    def run(self) -> None:
        case = self.case
        build_database(self.db, case)
        if self.variant == "adopted" and case.before.strip():
            r = self.moult("apply", "--url", url(self.db), "--to", "before.sql", cwd=self.where)
            check(r.code == 0, "the database is not adopted as it is", r)
        if case.drift.strip():
            db = judge.connect(str(self.db))
            db.executescript(case.drift)
            db.close()
        self.write_hooks()
        shutil.copy(self.db, self.start)
        {"converges": self.converges, "empty": self.empty, "refused": self.refused, "impossible": self.impossible,
         "error": self.error}[case.outcome]()

    # --- plans -----------------------------------------------------------------------------------------------------

    def plan(self, source: str = "after", *more: str) -> dict:
        r = self.command("plan", source, "--format", "json", *more)
        check(r.code == 0, "no plan", r)
        try:
            plan = r.json()
        except ValueError as e:
            raise Failed(f"not JSON: {e}\n{r}") from None
        check(plan.get("format") == "moult-plan", "not a plan", r)
        return plan

    def rung(self, plan: dict, name: str) -> str:
        names = {judge.fold(name)}
        renames = renames_of(self.case.after)
        names |= {old for old, new in renames.tables.items() if new in names}
        methods = {s["method"] for s in plan["steps"]
                   if judge.fold(s["object"]) in names} - {"attic"}
        methods = {"native" if m == "rename" else m for m in methods}
        other = methods - set(RUNGS)
        if other:
            return "+".join(sorted(methods))
        return max(methods, key=RUNGS.index, default="none")

    def check_plan(self, plan: dict) -> None:
        for part in filter(None, (p.strip() for p in self.case.get("method", "").split(","))):
            table, _, wanted = part.rpartition("=")
            found = self.rung(plan, table)
            check(found in wanted.split("|"), f"{table} takes {found}, not {wanted}", json.dumps(plan["steps"], indent=1))
        if self.case.get("risk"):
            check(plan["risk"] == self.case.get("risk"), f"the risk is {plan['risk']}, not {self.case.get('risk')}",
                  json.dumps(plan["changes"], indent=1))
        judged = [f"{c['name']}={c['rule']}:{c['risk']}" for c in plan["changes"]]
        for wanted in self.case.get("rule", []):
            check(wanted in judged, f"no change is {wanted}", json.dumps(plan["changes"], indent=1))
        for rule in self.case.get("no_rule", []):
            check(all(c["rule"] != rule for c in plan["changes"]), f"{rule} fires", json.dumps(plan["changes"], indent=1))
        sent = [s["sql"] for step in plan["steps"] for s in step["statements"]]
        for wanted in self.case.get("sends", []):
            check(any(wanted in s for s in sent), f"no statement has {wanted!r}", *sent)
        if self.case.get("says"):
            r = self.command("plan", "after")
            for text in self.case.get("says"):
                check(text in r.out + r.err, f"does not say {text!r}", r)

    def step_by_step(self, plan: dict) -> None:
        """Each statement on its own, on a copy: the marker moves with every one that changes the schema."""
        copy = self.where / "steps.db"
        shutil.copy(self.start, copy)
        db = judge.connect(str(copy))
        db.execute("PRAGMA synchronous=OFF")
        for setting in plan.get("settings", []):
            db.execute(f"PRAGMA {setting}")
        db.execute("BEGIN IMMEDIATE")
        was, seen = judge.marker(db), {judge.marker(db)}
        for step in plan["steps"]:
            for statement in step["statements"]:
                rows = db.execute(statement["sql"]).fetchall()
                if statement["kind"] == "assert":
                    check(not rows, f"an assertion fails: {statement}")
                    continue
                now = judge.marker(db)
                if changes_schema(statement["sql"]):
                    check(now != was, f"the marker stands still after {statement['sql']}")
                    check(now not in seen, f"the marker is one it was before, after {statement['sql']}")
                seen.add(now)
                was = now
        db.execute("COMMIT")
        db.close()
        copy.unlink()

    # --- the plan as a script --------------------------------------------------------------------------------------

    def script(self) -> Path | None:
        """The plan written for the sqlite3 shell, where that is installed."""
        if not shutil.which("sqlite3"):
            return None
        path = self.where / "migration_plan.sql"
        r = self.command("plan", "after", "--export", path.name)
        check(r.code == 0 and path.exists(), "the script is not written", r)
        return path

    def script_does_the_same(self, script: Path | None) -> None:
        """In the shell, as it is: the same schema and rows as of `apply`, nothing left behind, and the next start records it."""
        if script is None:
            return
        copy = self.where / "script.db"
        shutil.copy(self.start, copy)
        with script.open() as text:
            shell = subprocess.run(["sqlite3", copy], stdin=text, capture_output=True, text=True, timeout=60)
        check(shell.returncode == 0 and not shell.stderr, "the script fails", shell.stderr, script.read_text())
        problems = judge.same_content(str(self.db), str(copy)) + judge.same_high_water(str(self.db), str(copy))
        check(not problems, "the script does something else than apply", *problems, script.read_text())
        r = self.moult("apply", "--url", url(copy), "--to", self.source("after"), *self.own, *self.flags, "--format", "json",
                       cwd=self.where)
        check(r.code == 0 and r.json()["outcome"] in ("recorded", "up_to_date"), "the next start does not record it", r)
        copy.unlink()

    # --- outcomes --------------------------------------------------------------------------------------------------

    def judged(self, desired: str, before: Path, renames: judge.Renames, what: str) -> None:
        problems = judge.converges(str(self.db), desired, str(before))
        check(not problems, f"{what}: not a fresh load of the desired schema", *problems)
        skip = self.case.get("skip_rows", "")
        if skip != "all":
            names = tuple(judge.fold(n.strip()) for n in skip.split(",") if n.strip())
            problems = judge.rows_kept(str(before), str(self.db), renames, self.case.get("rowids") != "no", names)
            check(not problems, f"{what}: rows are not what they were", *problems)

    def second_plan_is_empty(self, source: str) -> None:
        if self.case.get("again") == "history":
            r = self.command("plan", source, "--full", "--exit-code")
            check(r.code == 0, "the second plan is not empty", r)
            return
        copy = self.where / "second.db"
        shutil.copy(self.db, copy)
        judge.without_own_tables(str(copy))
        r = self.moult("plan", "--url", url(copy), "--to", self.source(source), "--own=all", "--full", "--exit-code",
                       cwd=self.where)
        check(r.code == 0, "the second plan is not empty", r)
        copy.unlink()

    def inspected_is_no_difference(self) -> None:
        r = self.moult("inspect", "--url", url(self.db), cwd=self.where)
        check(r.code == 0, "inspect fails", r)
        if not r.out.strip() or not judge.tokens(r.out):
            return  # nothing is there any more
        self.write_source("inspected", r.out)
        again = self.moult("plan", "--url", url(self.db), "--to", "inspected.sql", "--own=all", "--exit-code",
                           cwd=self.where)
        check(again.code == 0, "what inspect writes is a difference", r, again)

    def kept(self, key: str) -> None:
        for line in self.case.get(key, []):
            script, arrow, wanted = line.rpartition("=>")
            check(arrow, f"no '=>' in {line!r}")
            found = evaluate(self.db, script)
            check(found == wanted.strip(), f"{script.strip()} gives {found!r}, not {wanted.strip()!r}")

    def through_the_attic(self, plan: dict) -> None:
        """The same with the attic on, and back: every row, every value is as it was."""
        case = self.case
        kept = any("_moult_attic" in s["sql"] for step in plan["steps"] for s in step["statements"])
        if self.variant != "adopted" or not kept or case.get("attic") == "no":
            return
        shutil.copy(self.start, self.db)
        r = self.command("apply", "after", "--mode", case.get("mode", "aggressive"), "--no-backup", "--yes")
        check(r.code == int(case.get("exit", 0)), "apply with the attic fails", r)
        self.judged(case.expected or case.after, self.start, renames_of(case.after), "after, with the attic")
        r = self.moult("rollback", "--url", url(self.db), "--mode", "aggressive", "--no-backup", cwd=self.where)
        check(r.code == 0, "rollback fails", r)
        db = judge.connect(str(self.db))
        found = db.execute("PRAGMA integrity_check").fetchall()
        db.close()
        check(found == [("ok",)], "rollback leaves a broken file", found)
        if case.expected is None and not case.drift.strip():
            problems = judge.converges(str(self.db), case.before)
            check(not problems, "rolled back: not the schema of before", *problems, r)
        skip = case.get("skip_rows", "")
        if case.get("attic", "all") == "all" and skip != "all":
            names = tuple(judge.fold(n.strip()) for n in skip.split(",") if n.strip())
            problems = judge.rows_kept(str(self.start), str(self.db), judge.Renames(), case.get("rowids") != "no", names)
            check(not problems, "rolled back: rows are not what they were", *problems, r)

    def apply(self, source: str, *more: str) -> Result:
        mode = self.case.get("mode", "aggressive")
        return self.command("apply", source, "--mode", mode, "--no-attic", "--no-backup", "--yes", *more)

    def converges(self) -> None:
        case = self.case
        plan = self.plan()
        check(plan["changes"], "there is nothing to do", plan)
        self.check_plan(plan)
        self.step_by_step(plan)
        full = self.plan("after", "--full")
        check(full["id"] == plan["id"], "with --full it is another plan", json.dumps(plan, indent=1),
              json.dumps(full, indent=1))
        script = self.script()
        r = self.apply("after")
        check(r.code == int(case.get("exit", 0)), "apply fails", r)
        self.script_does_the_same(script)
        self.judged(case.expected or case.after, self.start, renames_of(case.after), "after")
        self.kept("keep")
        if case.expected is None:
            self.second_plan_is_empty("after")
            self.inspected_is_no_difference()
        if case.get("back", "yes") != "no":
            self.way_back()
        self.through_the_attic(plan)

    def way_back(self) -> None:
        case = self.case
        middle = self.where / "middle.db"
        shutil.copy(self.db, middle)
        r = self.apply("back", "--backward")
        if case.get("back", "yes") == "refused":
            check(r.code == 1 and "@fill" in r.err, "the way back should ask for an @fill", r)
            problems = judge.same_content(str(middle), str(self.db))
            check(not problems, "the refused way back changed the database", *problems)
            return
        check(r.code == 0, "the way back fails", r)
        desired = case.back_sql or case.before
        if case.expected is None:
            self.judged(desired, middle, renames_of(desired), "back")
            self.second_plan_is_empty("back")
        self.kept("keep_back")

    def empty(self) -> None:
        plan = self.plan()
        check(not plan["changes"] and not plan["steps"], "the plan is not empty", json.dumps(plan["changes"], indent=1))
        self.check_plan(plan)
        r = self.command("plan", "after", "--exit-code")
        check(r.code == 0, "changes are pending", r)
        r = self.command("plan", "after", "--exit-code", "--full")
        check(r.code == 0, "with --full changes are pending", r)
        r = self.apply("after")
        check(r.code == 0, "apply fails", r)
        problems = judge.same_content(str(self.start), str(self.db))
        check(not problems, "apply changed something", *problems)
        self.kept("keep")

    def refused(self) -> None:
        mode = self.case.get("mode", "safe")
        self.check_plan(self.plan())
        r = self.command("apply", "after", "--mode", mode)
        check(r.code == int(self.case.get("exit", 3)), "it is not refused", r)
        self.says_error(r)
        problems = judge.same_content(str(self.start), str(self.db))
        check(not problems, "the refused apply changed the database", *problems)

    def says_error(self, r: Result) -> None:
        found = (r.out + r.err).replace(str(self.where), "").lower()
        for text in self.case.get("error", []):
            check(text.lower() in found, f"does not say {text!r}", r)

    def impossible(self) -> None:
        if self.case.get("rule") or self.case.get("says"):
            self.check_plan(self.plan())
        r = self.apply("after")
        check(r.code == int(self.case.get("exit", 1)), "it should not be possible", r)
        self.says_error(r)
        problems = judge.same_content(str(self.start), str(self.db))
        check(not problems, "the impossible apply changed the database", *problems)

    def error(self) -> None:
        was = file_hash(self.db)
        for r in (self.command("plan", "after"), self.apply("after")):
            check(r.code == int(self.case.get("exit", 1)), "it should be an error", r)
            check(r.err.strip(), "it says nothing", r)
            self.says_error(r)
        check(file_hash(self.db) == was, "the database is not byte for byte what it was")


def changes_schema(sql: str) -> bool:
    words = [t.text for t in judge.tokens(sql)[:3] if t.kind == "word"]
    if words[:1] == ["create"] and "if" in words:
        return False  # perhaps it is there
    if words[:1] == ["create"] or words[:1] == ["drop"] or words[:1] == ["alter"]:
        return "temp" not in words and "temporary" not in words
    return bool(re.match(r"\s*UPDATE\s+(?:main\.)?\"?sqlite_(?:schema|master)\b", sql, re.I))
