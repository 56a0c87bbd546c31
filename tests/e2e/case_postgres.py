# SPDX-License-Identifier: MIT
"""A case of PostgreSQL: written as those of case.py, under tests/cases-postgres/ or made by tests/matrix/postgres.py.

What differs from there
    outside   a section: SQL that runs first, of what nobody declares (another schema, its tables)
    server:   the oldest major version that the case is for
    skip_rows: may also name sequences: "sequences" leaves all of them out

Two roles are there: moult_reader and moult_writer. A database of its own is made for every run.
"""
from __future__ import annotations

import os
import re
from pathlib import Path

import case
from case import Case, Failed, Moult, Result, check
from tests import judge_postgres as judge
from tests.servers import libpq

CASES = case.ROOT / "tests" / "cases-postgres"
KNOWN = frozenset((case.KNOWN | {"server"}) - {"rowids", "method"})
ROLES = ("moult_reader", "moult_writer")


def make(name: str, before: str, rows: str, after: str, *, about: str = "", back_sql: str | None = None, outside: str = "",
         expected: str | None = None, **expect) -> Case:
    unknown = set(expect) - KNOWN
    assert not unknown, f"{name}: {unknown}"
    return Case(name, after, before, rows, "", "", expected, back_sql, about, expect, outside)


def from_files() -> list[Case]:
    return [case.parse(p, CASES, frozenset({"outside"}), KNOWN) for p in sorted(CASES.rglob("*.case"))]


def torture() -> bool:
    return bool(os.environ.get("MOULT_TORTURE"))


# ---------------------------------------------------------------------------------------------------------------------
# Renames, as the annotations at the ends of lines tell them
# ---------------------------------------------------------------------------------------------------------------------


def name_at(text: str) -> str | None:
    """The name that a text begins with, as the server writes it, without its schema."""
    ts = judge.tokens(text)
    if len(ts) > 2 and ts[1].text == ".":
        ts = ts[2:]
    return ts[0].text if ts and ts[0].kind in ("word", "name") else None


def renames_of(sql: str) -> judge.Renames:
    """The renames of a desired schema whose columns stand one on a line."""
    out = judge.Renames()
    table = None
    for line in sql.split("\n"):
        m = re.match(r"\s*CREATE\s+(?:UNLOGGED\s+)?TABLE\s+(?:IF\s+NOT\s+EXISTS\s+)?(.*)", line, re.I)
        if m:
            table = name_at(m.group(1))
        note = re.search(r"--\s*@renamed\s+from=(.+?)\s*$", line)
        if not note or table is None:
            continue
        old = name_at(note.group(1))
        if m:
            out.tables[old] = table
        elif not re.match(r"\s*(CREATE|COMMENT|ALTER)\b", line, re.I):
            out.columns.setdefault(table, {})[old] = name_at(line)
    return out


# ---------------------------------------------------------------------------------------------------------------------
# The command that is asked whether the database changed
# ---------------------------------------------------------------------------------------------------------------------


class Marker:
    """What moult's fast path asks of the server, taken from what a start that is up to date sends: not from moult's sources."""

    def __init__(self, place: judge.Place, moult: Moult, where: Path):
        server = place.server
        (where / "marker.sql").write_text("CREATE TABLE t (a int);\n")
        with server.database() as name:
            args = ("apply", "--url", server.url(name), "--to", "marker.sql")
            for _ in range(2):
                r = moult(*args, cwd=where)
                check(r.code == 0, "a table cannot be made", r)
            with server.client() as db:
                db.run("ALTER DATABASE %s SET log_statement = 'all'" % judge.quoted(name))
            at = len(server.said())
            r = moult(*args, cwd=where)
            check(r.code == 0, "an up to date start fails", r)
            said = server.said()[at:]
        self.sent = [m[1] for m in re.finditer(r"LOG:  (?:statement|execute [^:]*): (.*?)(?=\n\d{4}-\d\d-\d\d |\Z)", said, re.S)]
        self.sql = next((s.replace("\n\t", "\n") for s in self.sent if "xmin" in s), None)
        check(self.sql, "an up to date start asks for no marker", *self.sent)

    def __call__(self, db: libpq.Client) -> str:
        return str(db.run(self.sql))


DDL = ("create", "alter", "drop", "comment", "grant", "revoke", "reindex")


class Run:
    """One run of a case. `thorough`: also through the attic, by inspect, and the other way of owning."""

    def __init__(self, one: Case, variant: str, where: Path, moult: Moult, place: judge.Place, thorough: bool = True, marker: Marker | None = None):
        self.case, self.variant, self.where, self.moult, self.place, self.thorough = one, variant, where, moult, place, thorough
        self.marker = marker
        self.server = place.server
        for name, sql in (("before", one.before), ("after", one.after), ("back", one.back_sql or one.before)):
            (where / f"{name}.sql").write_text(sql, encoding="utf-8")
        self.own = ["--own=all"] if variant == "all" else []
        self.flags = one.get("flags", "").split()

    def write_hooks(self) -> None:
        for part in self.case.hooks.split("-- file: ")[1:]:
            name, _, sql = part.partition("\n")
            folder = self.where / "hooks"
            folder.mkdir(exist_ok=True)
            (folder / name.strip()).write_text(sql, encoding="utf-8")

    def command(self, verb: str, source: str, *more: str) -> Result:
        return self.moult(verb, "--url", self.server.url(self.db), "--to", f"{source}.sql", *self.own, *self.flags, *more,
                          cwd=self.where, env={"PATH": f"{self.server.bin}:{os.environ['PATH']}"})

    def run(self) -> None:
        with self.place.fresh(self.case.outside, self.case.before) as self.db:
            self.begin()
            {"converges": self.converges, "empty": self.empty, "refused": self.refused, "impossible": self.impossible,
             "error": self.error}[self.case.outcome]()
        one = self.case
        if (self.thorough and self.variant == "adopted" and one.outcome == "converges" and one.get("attic") != "no"
                and one.get("back", "yes") == "yes" and not one.drift.strip()):
            with self.place.fresh(one.outside, one.before) as self.db:
                self.begin()
                self.through_the_attic()

    def begin(self) -> None:
        with self.server.client(self.db) as db:
            if self.case.rows.strip():
                db.run(self.case.rows)
        if self.variant == "adopted" and self.case.before.strip():
            r = self.command("apply", "before")
            check(r.code == 0, "the database is not adopted as it is", r)
        if self.case.drift.strip():
            with self.server.client(self.db) as db:
                db.run(self.case.drift)
        self.write_hooks()
        self.start = self.state()

    def state(self) -> tuple[dict, judge.Content]:
        with self.server.client(self.db) as db:
            return self.place.dump(self.db), judge.content(db)

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

    def check_plan(self, plan: dict) -> None:
        one = self.case
        if one.get("risk"):
            check(plan["risk"] == one.get("risk"), f"the risk is {plan['risk']}, not {one.get('risk')}", plan["changes"])
        judged = [f"{c['name']}={c['rule']}:{c['risk']}" for c in plan["changes"]]
        for wanted in one.get("rule", []):
            check(wanted in judged, f"no change is {wanted}", *judged)
        for rule in one.get("no_rule", []):
            check(all(c["rule"] != rule for c in plan["changes"]), f"{rule} fires", *judged)
        sent = [s["sql"] for step in plan["steps"] for s in step["statements"]]
        for wanted in one.get("sends", []):
            check(any(wanted in s for s in sent), f"no statement has {wanted!r}", *sent)
        if one.get("says"):
            r = self.command("plan", "after")
            for text in one.get("says"):
                check(text in r.out + r.err, f"does not say {text!r}", r)

    def step_by_step(self, plan: dict) -> None:
        """Each statement on its own, on a copy: the marker moves with every one that changes the schema."""
        with self.server.database(self.db) as copy, self.server.client(copy) as db:
            was, seen = self.marker(db), {self.marker(db)}
            for statement in (s for step in plan["steps"] for s in step["statements"]):
                first = judge.tokens(statement["sql"])[:1]
                if not first or first[0].is_word("begin", "commit", "set"):
                    continue
                try:
                    db.run(statement["sql"])
                except libpq.Error as e:
                    raise Failed(f"a statement of the plan fails on its own: {statement['sql']}: {e}") from None
                now = self.marker(db)
                if first[0].is_word(*DDL):
                    check(now != was, f"the marker stands still after {statement['sql']}")
                    check(now not in seen, f"the marker is one it was before, after {statement['sql']}")
                seen.add(now)
                was = now

    # --- outcomes --------------------------------------------------------------------------------------------------

    def apply(self, source: str, *more: str) -> Result:
        mode = self.case.get("mode", "aggressive")
        return self.command("apply", source, "--mode", mode, "--no-attic", "--no-backup", "--yes", *more)

    def judged(self, desired: str, before: judge.Content, renames: judge.Renames, what: str, *about: object) -> None:
        problems = self.place.converges(self.db, desired, self.case.outside)
        check(not problems, f"{what}: not a fresh load of the desired schema", *problems, *about)
        skip = [n.strip() for n in self.case.get("skip_rows", "").split(",") if n.strip()]
        if "all" not in skip:
            with self.server.client(self.db) as db:
                problems = judge.rows_kept(before, db, renames, tuple(skip), "sequences" not in skip)
            check(not problems, f"{what}: rows are not what they were", *problems, *about)

    def second_plan_is_empty(self, source: str) -> None:
        more = [] if self.case.get("again") == "history" else ["--own=all"]
        r = self.command("plan", source, "--full", "--exit-code", *[m for m in more if m not in self.own])
        check(r.code == 0, "the second plan is not empty", r)

    def inspected_is_no_difference(self) -> None:
        r = self.moult("inspect", "--url", self.server.url(self.db), *(self.flags if "--schema" in self.flags else []), cwd=self.where)
        check(r.code == 0, "inspect fails", r)
        if not judge.tokens(r.out):
            return
        (self.where / "inspected.sql").write_text(r.out, encoding="utf-8")
        again = self.command("plan", "inspected", "--exit-code", *([] if self.own else ["--own=all"]))
        check(again.code == 0, "what inspect writes is a difference", r, again)

    def kept(self, key: str) -> None:
        for line in self.case.get(key, []):
            script, arrow, wanted = line.rpartition("=>")
            check(arrow, f"no '=>' in {line!r}")
            with self.server.client(self.db) as db:
                found = evaluate(db, script)
            check(found == wanted.strip(), f"{script.strip()} gives {found!r}, not {wanted.strip()!r}")

    def converges(self) -> None:
        one = self.case
        plan = self.plan()
        check(plan["changes"], "there is nothing to do", plan)
        self.check_plan(plan)
        if self.thorough:
            full = self.plan("after", "--full")
            check(full["id"] == plan["id"], "with --full it is another plan", plan["steps"], full["steps"])
        if self.marker:
            self.step_by_step(plan)
        r = self.apply("after")
        check(r.code == int(one.get("exit", 0)), "apply fails", r)
        self.judged(one.expected or one.after, self.start[1], renames_of(one.after), "after", r)
        self.kept("keep")
        if one.expected is None:
            self.second_plan_is_empty("after")
            if self.thorough:
                self.inspected_is_no_difference()
        if one.get("back", "yes") != "no":
            self.way_back()

    def way_back(self) -> None:
        one = self.case
        middle = self.state()
        r = self.apply("back", "--backward")
        if one.get("back", "yes") == "refused":
            check(r.code == 1 and "@fill" in r.err, "the way back should ask for an @fill", r)
            problems = judge.same_content(middle, self.state())
            check(not problems, "the refused way back changed the database", *problems)
            return
        check(r.code == 0, "the way back fails", r)
        desired = one.back_sql or one.before
        if one.expected is None:
            self.judged(desired, middle[1], renames_of(desired), "back", r)
            self.second_plan_is_empty("back")
        self.kept("keep_back")

    def through_the_attic(self) -> None:
        """The same with the attic on, and rolled back: every row, every value is as it was."""
        one = self.case
        r = self.command("apply", "after", "--mode", one.get("mode", "aggressive"), "--no-backup", "--yes")
        check(r.code == int(one.get("exit", 0)), "apply with the attic fails", r)
        self.judged(one.expected or one.after, self.start[1], renames_of(one.after), "after, with the attic", r)
        r = self.moult("rollback", "--url", self.server.url(self.db), "--mode", "aggressive", "--no-backup",
                       *(self.flags if "--schema" in self.flags else []), cwd=self.where)
        check(r.code == 0, "rollback fails", r)
        if one.expected is None:
            problems = judge.compare_dumps(self.place.dump(self.db), self.start[0])
            check(not problems, "rolled back: not the schema of before", *problems, r)
        skip = one.get("skip_rows", "")
        if one.get("attic", "all") == "all" and skip != "all":
            with self.server.client(self.db) as db:
                problems = judge.rows_kept(self.start[1], db, None, tuple(n.strip() for n in skip.split(",")), "sequences" not in skip)
            check(not problems, "rolled back: rows are not what they were", *problems, r)

    def nothing_changed(self, what: str) -> None:
        problems = judge.same_content(self.start, self.state())
        check(not problems, what, *problems)

    def empty(self) -> None:
        plan = self.plan()
        check(not plan["changes"] and not plan["steps"], "the plan is not empty", plan["changes"])
        self.check_plan(plan)
        for more in ([], ["--full"]):
            r = self.command("plan", "after", "--exit-code", *more)
            check(r.code == 0, "changes are pending", r)
        r = self.apply("after")
        check(r.code == 0, "apply fails", r)
        self.nothing_changed("apply changed something")
        self.kept("keep")

    def refused(self) -> None:
        self.check_plan(self.plan())
        r = self.command("apply", "after", "--mode", self.case.get("mode", "safe"))
        check(r.code == int(self.case.get("exit", 3)), "it is not refused", r)
        self.says_error(r)
        self.nothing_changed("the refused apply changed the database")

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
        self.nothing_changed("the impossible apply changed the database")

    def error(self) -> None:
        for r in (self.command("plan", "after"), self.apply("after")):
            check(r.code == int(self.case.get("exit", 1)), "it should be an error", r)
            check(r.err.strip(), "it says nothing", r)
            self.says_error(r)
        self.nothing_changed("the database is not what it was")


def evaluate(db: libpq.Client, script: str) -> str:
    """Runs statements, and takes them back; the rows of the last one as text, or the SQLSTATE."""
    db.run("BEGIN")
    try:
        rows = db.run(script)
    except libpq.Error as e:
        rows = [[e.state]]
    finally:
        db.run("ROLLBACK")
    return ";".join("|".join("NULL" if v is None else v for v in r) for r in rows)
