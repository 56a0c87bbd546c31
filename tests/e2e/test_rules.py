# SPDX-License-Identifier: MIT
"""The rules are one table: `moult rules`, the table of docs/rules.md and the pages of docs/rules/ say the same.

MOULT_REWRITE=1 writes the table anew.
"""
import json
import os
import subprocess

from conftest import ROOT, program

PAGE = ROOT / "docs" / "rules.md"
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
        lines.append(f"| `{r['id']}` | {r['level']} | {r['what']} | {r['advice'] or ''} | {'yes' if r['eases'] else ''} |")
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
