# SPDX-License-Identifier: MIT
"""fastapi-easy migrate …: the commands of moult for an application, which is imported and not started.

What needs the models or the hooks goes through `moult rpc`; what only concerns the database is done by moult itself, on
this terminal. Results go to standard output, all else to standard error; exit codes are those of moult.
"""

from __future__ import annotations

import argparse
import asyncio
import importlib.util
import json
import logging
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, get_args

from sqlalchemy import URL, make_url

from fastapi_easy import urls
from fastapi_easy._target import TargetError, load
from fastapi_easy._version import __version__
from fastapi_easy.errors import ConfigurationError, FastAPIEasyError
from fastapi_easy.migrator import Migrator, Mode
from fastapi_easy.moult import binary
from fastapi_easy.results import STATUS_EXIT, status_text

GUESSES = ("main:app", "app.main:app")
MODES = [mode for mode in get_args(Mode) if mode != "off"]
ABOUT = {
    "plan": "show what would be done, with its risk, and do nothing",
    "apply": "make the database be what the models say, as far as the mode lets it",
    "resume": "go on with an apply that was interrupted",
    "sql": "print the models as SQL",
    "status": "tell where the database stands",
    "approve": "let a plan run that was refused; further options are those of 'moult approve'",
    "history": "list what has been applied; further options are those of 'moult history'",
    "rollback": "go back to a past version; further options are those of 'moult rollback'",
}
FLAGS = {
    "--backward": "go back to a schema that the history says was replaced",
    "--record-only": "change nothing: verify that the desired schema is there already, and record it",
    "--no-backup": "make no backup before a medium or high risk",
}
OWN = ("plan", "apply", "resume", "sql", "status")  # the others are moult's, on this terminal


def parser() -> argparse.ArgumentParser:
    top = argparse.ArgumentParser(prog="fastapi-easy", description="The database of a FastAPI application.")
    top.add_argument("--version", action="version", version=f"fastapi-easy {__version__}")
    migrate = top.add_subparsers(dest="group", required=True).add_parser("migrate", help="its migration")
    commands = migrate.add_subparsers(dest="command", required=True)
    for name, help_text in ABOUT.items():
        command = commands.add_parser(name, help=help_text, description=help_text)
        command.add_argument("--app", metavar="MODULE:NAME", help="the application; else [tool.fastapi-easy] app= in "
                             "pyproject.toml, else main:app or app.main:app")  # fmt: skip
        command.add_argument("--url", help="another database than that of the application")
        if name in ("plan", "apply", "resume"):
            command.add_argument("--mode", choices=MODES, help="how much risk may be applied without a person")
        if name in ("plan", "apply", "resume", "status"):
            command.add_argument("--format", choices=["text", "json"] + ["sql"] * (name == "plan"), default="text")
        if name in ("apply", "resume"):
            command.add_argument("--approve", metavar="ID", help="approve the plan with this id and apply it now")
        for option, words in FLAGS.items() if name in ("plan", "apply") else ():
            command.add_argument(option, action="store_true", help=words)
        if name in ("plan", "apply"):
            command.add_argument("--phase", choices=["all", "expand", "contract"], help="all of it, or one half")
        if name == "plan":
            command.add_argument("--exit-code", action="store_true", help="exit with 2 when there is something to do")
    return top


def main(arguments: Sequence[str] | None = None) -> int:
    args, rest = parser().parse_known_args(arguments)
    if rest and args.command in OWN:
        parser().error(f"there is no option {rest[0]} for {args.command}")
    logging.basicConfig(level=logging.WARNING, format="%(message)s", stream=sys.stderr)
    sys.path.insert(0, os.getcwd())  # noqa: PTH109
    try:
        migrator = migrator_for(args)
        if args.command in OWN:
            return asyncio.run(COMMANDS[args.command](migrator, args))
        return by_moult(args.command, migrator, rest)
    except FastAPIEasyError as wrong:
        print(f"error: {wrong}", file=sys.stderr)
        return wrong.exit_code


# --- the application ----------------------------------------------------------------------------------------------------


def target(given: str | None) -> str:
    if given:
        return given
    configured = from_pyproject(Path("pyproject.toml"))
    if configured:
        return configured
    for guess in GUESSES:
        if exists(guess.partition(":")[0]):
            return guess
    raise TargetError(
        f"which application? There is no {' and no '.join(GUESSES)} here; say --app package.module:name, or write it as app= "
        "below [tool.fastapi-easy] in pyproject.toml"
    )


def exists(module: str) -> bool:
    """Without importing more than its package."""
    package = module.rpartition(".")[0]
    try:
        return (not package or importlib.util.find_spec(package) is not None) and (
            importlib.util.find_spec(module) is not None
        )
    except (ImportError, ValueError):
        return False


def from_pyproject(path: Path) -> str | None:
    if not path.exists():
        return None
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib
    try:
        settings: dict[str, Any] = (
            tomllib.loads(path.read_text(encoding="utf-8")).get("tool", {}).get("fastapi-easy", {})
        )
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as wrong:
        raise ConfigurationError(f"pyproject.toml cannot be read: {wrong}") from wrong
    app = settings.get("app")
    return None if app is None else str(app)


def migrator_for(args: argparse.Namespace) -> Migrator:
    """Imports the application, which registers hooks and models; its lifespan is not started."""
    from fastapi_easy.app import FastAPI_Easy

    name = target(args.app)
    app = load(name)
    easy = app if isinstance(app, FastAPI_Easy) else FastAPI_Easy.of(app) if hasattr(app, "state") else None
    if easy is None:
        raise TargetError(f"{name} is {type(app).__name__}, and no FastAPI application")
    migrator = easy.migrator()
    if args.url:
        migrator.url = url_of(args.url)
        migrator.settings = migrator.with_settings(moult_url=urls.for_moult(migrator.url)).settings
    if urls.is_memory(migrator.url):
        raise ConfigurationError(
            "the database of the application is in memory: it is new at each start, nothing is migrated"
        )
    mode = getattr(args, "mode", None) or ("safe" if migrator.settings.mode == "off" else None)
    return migrator.with_settings(mode=mode, options={**migrator.settings.options, **options_of(args)})


def options_of(args: argparse.Namespace) -> dict[str, Any]:
    """Those of moult's `open` that were given."""
    names = [option[2:].replace("-", "_") for option in FLAGS]
    given: dict[str, Any] = {name: True for name in names if getattr(args, name, False)}
    return given | ({"phase": args.phase} if getattr(args, "phase", None) else {})


def url_of(text: str) -> URL:
    try:
        return urls.absolute(make_url(text if "://" in text else f"sqlite:///{text}"))
    except Exception as wrong:
        raise ConfigurationError("--url is no database URL; write it as sqlite:///app.db") from wrong


# --- commands -----------------------------------------------------------------------------------------------------------


def tell(method: str, params: dict[str, Any]) -> None:
    """What goes on, for a person; steps are told by the result."""
    if method == "log" and params["level"] != "debug":
        print(f"moult: {params['message']}", file=sys.stderr)


def show(text: str) -> None:
    if text.strip():
        print(text.rstrip("\n"))


async def plan(migrator: Migrator, args: argparse.Namespace) -> int:
    found = await migrator.plan()
    if args.format == "json":
        show(json.dumps(found.raw["document"], ensure_ascii=False, indent=2))
    else:
        show(found.sql if args.format == "sql" else found.text)
    return 2 if args.exit_code and found.id else 0


async def apply(migrator: Migrator, args: argparse.Namespace) -> int:
    return told(await migrator.apply(args.approve, tell), args)


async def resume(migrator: Migrator, args: argparse.Namespace) -> int:
    return told(await migrator.resume(args.approve, tell), args)


def told(result: Any, args: argparse.Namespace) -> int:
    show(json.dumps(result.raw, ensure_ascii=False, indent=2) if args.format == "json" else result.text)
    return int(result.raw["exit_code"])


async def sql(migrator: Migrator, _: argparse.Namespace) -> int:
    sys.stdout.buffer.write(migrator.sql().encode())
    return 0


async def status(migrator: Migrator, args: argparse.Namespace) -> int:
    found = await migrator.status()
    show(json.dumps(found, ensure_ascii=False, indent=2) if args.format == "json" else status_text(found))
    drifted = found["state"] == "recorded" and found["drift"]
    return 2 if drifted else STATUS_EXIT.get(found["state"], 0)


COMMANDS = {"plan": plan, "apply": apply, "resume": resume, "sql": sql, "status": status}


def by_moult(command: str, migrator: Migrator, rest: Sequence[str]) -> int:
    """moult itself, on this terminal. The URL goes by the environment: arguments can be seen by others."""
    arguments = [binary.find(), command, *rest]
    env = {**os.environ, "DATABASE_URL": migrator.target()}
    sys.stdout.flush()
    return subprocess.run(arguments, env=env, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
