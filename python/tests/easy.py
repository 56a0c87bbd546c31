# SPDX-License-Identifier: MIT
"""A SQLite database of a test's own, and the moult command that is asked about it."""

from __future__ import annotations

import os
import sqlite3
import subprocess
from pathlib import Path
from typing import Any

from sqlalchemy import MetaData

from fastapi_easy import metadata_to_sql

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "python" / "src"


def moult() -> str:
    return str(Path(os.environ.get("MOULT", ROOT / "build" / "moult")).resolve())


class Database:
    def __init__(self, folder: Path, name: str = "app.db") -> None:
        self.folder, self.path = folder, folder / name

    def moult(self, metadata: MetaData, *arguments: str) -> tuple[int, str]:
        (self.folder / "schema.sql").write_text(metadata_to_sql(metadata, "sqlite"), encoding="utf-8")
        done = subprocess.run(
            [moult(), *arguments, "--url", str(self.path)],
            cwd=self.folder,
            capture_output=True,
            text=True,
            timeout=60,
        )
        return done.returncode, done.stdout + done.stderr

    def apply(self, metadata: MetaData, *options: str) -> str:
        code, said = self.moult(metadata, "apply", *options)
        assert code == 0, said
        return said

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        connection = sqlite3.connect(self.path)
        try:
            with connection:
                return connection.execute(sql).fetchall()
        finally:
            connection.close()

    run = rows
