# SPDX-License-Identifier: MIT
"""What the documents show is true: their examples run, and print what the page says; programs in them compile and run.

How an example is written: pages.py. MOULT_REWRITE=1 writes what is printed into the pages that are not true; read the
difference before you keep it.
"""
import os
import re
import subprocess
from pathlib import Path

import pytest

import pages
from conftest import ROOT, program

PAGES = sorted([*ROOT.glob("README*.md"), *(ROOT / "docs").glob("*.md"),
                *(ROOT / "docs" / "commands").glob("*.md"), *(ROOT / "docs" / "rules").glob("*.md")])
REWRITE = os.environ.get("MOULT_REWRITE") == "1"

# Pages without a command to run, and what holds them to the truth instead.
WITHOUT = {
    "docs/architecture.md": "test_architecture.py",
    "docs/benchmarks.md": "make bench",
    "docs/models.md": "its program, below",
    "docs/postgresql.md": "test_postgres.py",
    "docs/promises.md": "test_promises.py", "docs/rules.md": "test_rules.py",
    "docs/rules/data-hook.md": "test_rules.py",
    "docs/rules/unclassified.md": "tests/unit/test_risk.c",
    "docs/sqlite.md": "test_sqlite_page.py",
} | {f"docs/rules/{rule}.md": "test_cases_postgres.py" for rule in (  # what only PostgreSQL has
    "alter-policy", "alter-routine", "disable-row-security", "drop-policy", "drop-routine", "enable-row-security")}


def name(page: Path) -> str:
    return str(page.relative_to(ROOT))


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_examples(page, tmp_path):
    text = page.read_text(encoding="utf-8")
    parts = pages.read(text)
    assert pages.write(parts) == text
    commands = [part for part in parts if part.kind == "command"]
    assert bool(commands) != (name(page) in WITHOUT), "a page has examples that run, or is listed as having none"
    try:
        assert pages.Runner(program(), tmp_path / "check").check(parts) == len(commands)
    except AssertionError:
        if not REWRITE:
            raise
        page.write_text(pages.Runner(program(), tmp_path / "rewrite").rewrite(parts), encoding="utf-8")


# --- what the pages show in C ----------------------------------------------------------------------------------------


def blocks(page: Path, kind: str) -> list[str]:
    return re.findall(rf"^```{kind}\n(.*?)^```$", page.read_text(encoding="utf-8"), re.M | re.S)


def build() -> Path:
    return Path(os.environ.get("BUILD", Path(program()).parent)).resolve()


def sh(command: str, folder: Path) -> subprocess.CompletedProcess:
    """As after `make install`, but from the build."""
    env = os.environ | {"PKG_CONFIG_PATH": str(build() / "meson-uninstalled"), "LD_LIBRARY_PATH": str(build())}
    return subprocess.run(["sh", "-c", command], cwd=folder, env=env, text=True, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT)


plain_build = pytest.mark.skipif("MOULT_SANITIZED" in os.environ, reason="this library links with the sanitizers' flags only")


@plain_build
@pytest.mark.parametrize("page", [ROOT / "README.md", ROOT / "README.zh-CN.md"], ids=name)
def test_program_of_the_readme(page, tmp_path):
    """It is one C program, which compiles by the line of the page, and does what the page says that it does."""
    (program_text,) = blocks(page, "c")
    first, second = blocks(page, "sql")
    (compile_line,) = re.findall(r"`(cc app\.c .*?)`", page.read_text(encoding="utf-8"))
    (tmp_path / "app.c").write_text(program_text, encoding="utf-8")
    made = sh(f"{compile_line} -Wall -Wextra -Wpedantic -Werror", tmp_path)
    assert made.returncode == 0, made.stdout
    for schema, code, said in ((first, 0, "the plan was applied; version 1"), (first, 0, "is up to date"),
                               (second, 3, "approve"), ("CREATE", 1, "incomplete input")):
        (tmp_path / "schema.sql").write_text(schema, encoding="utf-8")
        ran = sh("./a.out", tmp_path)
        assert ran.returncode == code and said in ran.stdout, ran.stdout


MAIN = """
#include <stdio.h>
#include <string.h>
int main(void)
{
    moult_source source = {.models = models};
    moult_schema *schema;
    moult *m;
    char *sql;
    if (moult_open(&m, "sqlite://", MOULT_OPEN_CREATE, NULL) != MOULT_OK || moult_load(m, &source, &schema) != MOULT_OK ||
        moult_schema_render(m, schema, MOULT_FORMAT_SQL, &sql) != MOULT_OK) {
        puts(moult_error_of(m)->message);
        return 1;
    }
    fputs(sql, stdout);
    moult_string_free(sql);
    moult_schema_free(schema);
    moult_close(m);
    return 0;
}
"""


@plain_build
def test_program_of_the_models(tmp_path):
    """The models of docs/models.md become the SQL that the page shows, remarks included."""
    page = ROOT / "docs" / "models.md"
    (models,), (shown,) = blocks(page, "c"), blocks(page, "sql")
    (tmp_path / "app.c").write_text(models + MAIN, encoding="utf-8")
    made = sh("cc app.c -Wall -Wextra $(pkg-config --cflags --libs moult) && ./a.out", tmp_path)
    assert made.returncode == 0, made.stdout
    assert [line for line in made.stdout.splitlines() if line != ";"] == shown.splitlines()


# --- both languages say the same -------------------------------------------------------------------------------------


def shape(page: Path) -> dict:
    """What of a page does not depend on its language."""
    text = page.read_text(encoding="utf-8")
    forms = pages.Forms()
    return {
        "blocks": [[forms.of(re.sub("#.*", "", line)) for line in block.split("\n")]
                   for block in re.findall(r"^```\w*\n.*?^```$", text, re.M | re.S)],
        "lines": re.findall(r"^(#+ |- |\|)", text, re.M),
        "links": sorted(re.findall(r"\]\(([^)]+)\)", text)),
        "names": sorted(set(re.findall(r"`([^`\n]+)`", text))),
    }


def test_readmes_agree():
    """What a program can compare: examples, headings, items, tables, links, and names in back quotes."""
    assert shape(ROOT / "README.md") == shape(ROOT / "README.zh-CN.md")


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_what_is_named_is_there(page):
    """Every link within the project leads somewhere, and every file of it that is named exists."""
    text = page.read_text(encoding="utf-8")
    for link in re.findall(r"\]\(([^)#]+)[^)]*\)", text):
        assert "://" in link or (page.parent / link).exists(), link
    for file in re.findall(r"`((?:bench|docs|examples|include|scripts|src|tests)/[\w./-]+)`", text):
        assert "NAME" in file or (ROOT / file).exists(), file
