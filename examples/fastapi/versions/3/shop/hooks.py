# SPDX-License-Identifier: MIT
"""What moves data when the schema changes; each runs once for each database."""

from typing import Any

from fastapi_easy import migration


@migration.hook(version="3_split_name", trigger="before_ddl")
async def split_name(connection: Any) -> None:
    """The first word is the first name, and the rest the last."""
    await connection.execute(
        "UPDATE customers SET first_name = substr(name || ' ', 1, instr(name || ' ', ' ') - 1),"
        " last_name = substr(name, instr(name || ' ', ' ') + 1)"
    )
