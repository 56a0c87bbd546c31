# SPDX-License-Identifier: MIT
"""`python -m fastapi_easy.ddl`, as a person and as `moult --to cmd:…` run it, and on each supported stack."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from easy import ROOT, moult

pytestmark = pytest.mark.once
APPS = Path(__file__).parent / "apps"


def ddl(env: dict[str, str], *arguments: str, python: str = sys.executable) -> subprocess.CompletedProcess[bytes]:
    command = [python, "-m", "fastapi_easy.ddl", *arguments]
    return subprocess.run(command, cwd=APPS, env=env, capture_output=True, timeout=60, check=False)


@pytest.mark.parametrize("dialect", ["sqlite", "postgresql", "mysql"])
def test_the_bytes_are_the_same_on_every_stack(dialect: str, env: dict[str, str]) -> None:
    texts = set()
    for stack in ("oldest", "newest"):
        python = subprocess.check_output([ROOT / "scripts" / "venv", stack], text=True).strip()
        for seed in ("1", "2"):
            done = ddl(env | {"PYTHONHASHSEED": seed}, "shop_models:Base", "--dialect", dialect, python=python)
            assert done.returncode == 0, done.stderr.decode()
            texts.add(done.stdout)
    assert len(texts) == 1
    assert b"CREATE VIEW open_orders" in texts.pop()


def test_it_needs_no_fastapi(env: dict[str, str]) -> None:
    program = "import sys; from fastapi_easy import metadata_to_sql; sys.exit('fastapi' in sys.modules)"
    subprocess.run([sys.executable, "-c", program], env=env, check=True)


def test_moult_takes_it_as_a_source(tmp_path: Path, env: dict[str, str]) -> None:
    source = f"cmd:cd {APPS} && {sys.executable} -m fastapi_easy.ddl shop_models:Base --dialect sqlite"
    for wanted in ("the plan was applied; version 1", "up to date"):
        command = [moult(), "apply", "--url", str(tmp_path / "app.db"), "--to", source]
        done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == 0 and wanted in done.stdout, done.stdout + done.stderr


def test_the_bytes_do_not_depend_on_the_locale(env: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "chinese.py").write_text(
        "from sqlalchemy import *\nmetadata = MetaData()\nTable('用户', metadata, Column('姓名', Integer))\n",
        encoding="utf-8",
    )
    env = env | {"PYTHONPATH": f"{env['PYTHONPATH']}{os.pathsep}{tmp_path}", "LC_ALL": "C", "PYTHONIOENCODING": "ascii"}
    done = ddl(env, "chinese:metadata", "--dialect", "sqlite")
    assert done.stdout.decode("utf-8") == 'CREATE TABLE "用户" (\n\t"姓名" INTEGER\n);\n'


def test_only_some_tables(env: dict[str, str]) -> None:
    done = ddl(env, "shop_models:Base", "--dialect", "sqlite", "--only", "order_tags")
    assert done.stdout.count(b"CREATE TABLE") == 1
    done = ddl(env, "shop_models:Base", "--dialect", "sqlite", "--only", "nope")
    assert (
        done.returncode == 1 and b"there is no table nope in these models; there are: customers, order" in done.stderr
    )


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["shop_models", "--dialect", "sqlite"], "'shop_models' names nothing; write it as package.module:name"),
        (["shop_model:Base", "--dialect", "sqlite"], "there is no module shop_model here"),
        (["shop_models:Bas", "--dialect", "sqlite"], "module shop_models has no Bas"),
        (["shop_models:Status", "--dialect", "sqlite"], "shop_models:Status is EnumType"),
        (["shop_models:Base", "--dialect", "oracl"], "there is no dialect 'oracl'; the known ones are postgresql,"),
        (["shop_models:Base", "--dialect", "mysql", "--server-version", "new"], "'new' is no version of a server"),
        (["broken_models:Base", "--dialect", "sqlite"], "broken_models cannot be imported: ZeroDivisionError"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(arguments: list[str], said: str, env: dict[str, str]) -> None:
    done = ddl(env, *arguments)
    text = done.stderr.decode().replace("EnumMeta", "EnumType")
    assert done.returncode == 1 and text.startswith(f"error: {said}") and done.stdout == b""
    assert "Traceback" not in text


def test_the_line_of_a_module_that_cannot_be_imported_is_shown(env: dict[str, str]) -> None:
    done = ddl(env, "broken_models:Base", "--dialect", "sqlite")
    assert b'broken_models.py", line 6' in done.stderr and b"importlib" not in done.stderr


def test_nothing_to_declare_is_warned_of(env: dict[str, str]) -> None:
    done = ddl(env, "shop_models:nothing", "--dialect", "sqlite")
    assert (done.returncode, done.stdout) == (0, b"")
    assert b"warning: there is no table in these models: nothing is declared" in done.stderr
