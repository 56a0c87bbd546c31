# SPDX-License-Identifier: MIT
"""What goes wrong, each with a text for a person: what happened, where, and what to do."""

from __future__ import annotations

from typing import Any


class FastAPIEasyError(Exception):
    """The common ancestor of all errors of this package. `exit_code` is what the command ends with."""

    exit_code = 1


class DDLError(FastAPIEasyError):
    """Models that cannot be written down as SQL, or not without changing what they mean."""


class DDLWarning(UserWarning):
    """Something in the models has no effect in this dialect, or there is nothing in them."""


class ConfigurationError(FastAPIEasyError):
    """What init_app was given, or where it was called, cannot be right."""


class HookError(FastAPIEasyError):
    """A migration hook that is not one, or that did what a hook cannot do."""


class MoultMissing(FastAPIEasyError):
    """There is no moult command, or it is of another version."""


class MoultError(FastAPIEasyError):
    """moult says that it failed. `data` is what it says of it: code, message, detail, hint, object, file, line, …"""

    def __init__(self, message: str, data: dict[str, Any] | None = None) -> None:
        self.data = data or {}
        self.exit_code = int(self.data.get("exit_code") or 1)
        super().__init__(message)

    def __str__(self) -> str:
        place = ""
        if self.data.get("file"):
            place = f"{self.data['file']}:{self.data.get('line')}:{self.data.get('column')}: "
        parts = [place + str(self.args[0])]
        parts += [str(self.data[k]) for k in ("detail",) if self.data.get(k)]
        parts += [f"hint: {self.data['hint']}"] if self.data.get("hint") else []
        return "\n".join(parts)


class NotMigrated(FastAPIEasyError):
    """The database is not what the application needs, and may not be made so now. `result` is moult's."""

    def __init__(self, message: str, result: dict[str, Any] | None = None) -> None:
        self.result = result or {}
        self.exit_code = int(self.result.get("exit_code") or 1)
        super().__init__(message)

    @property
    def plan_id(self) -> str | None:
        plan = self.result.get("plan_id")
        return None if plan is None else str(plan)


class MigrationRefused(NotMigrated):
    """A person must approve a plan first: `plan_id` names it."""
