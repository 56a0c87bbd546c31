# SPDX-License-Identifier: MIT
"""What moult answers, with names: a plan, and what came of an apply."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from fastapi_easy.moult.words import ours


@dataclass(frozen=True)
class Change:
    """One difference, with its risk and what the rows say of it."""

    op: str
    kind: str
    name: str
    what: str
    risk: str
    rule: str
    reason: str


@dataclass(frozen=True)
class Plan:
    """What would be done. `id` is None when there is nothing to do."""

    id: str | None
    risk: str
    allowed: bool  # the mode lets it run without a person
    behind_version: int
    changes: tuple[Change, ...]
    notes: tuple[str, ...]
    text: str
    sql: str
    raw: dict[str, Any]


@dataclass(frozen=True)
class Result:
    """What came of it: `outcome` is up_to_date, applied, recorded, behind, pending, waits, refused, locked, …"""

    outcome: str
    version: int
    plan_id: str | None
    risk: str | None
    changes: tuple[Change, ...]
    text: str
    raw: dict[str, Any]


def changes_of(answer: dict[str, Any]) -> tuple[Change, ...]:
    names = Change.__dataclass_fields__
    return tuple(Change(**{name: change[name] for name in names}) for change in answer["changes"])


def plan_of(answer: dict[str, Any], opened: dict[str, Any], mode: str) -> Plan:
    return Plan(
        answer["plan_id"],
        answer["risk"],
        answer["allowed"],
        answer["behind_version"],
        changes_of(answer),
        tuple(answer["notes"]),
        plan_text(answer, opened, mode),
        answer.get("sql") or "",
        answer,
    )


def result_of(answer: dict[str, Any]) -> Result:
    text = ours(answer["text"])
    if answer["outcome"] == "refused" and answer["plan_id"]:
        text = f"{text.rstrip()}\n  approve and apply it now     fastapi-easy migrate apply --approve {answer['plan_id'][:8]}\n"
    return Result(
        answer["outcome"],
        answer["version"],
        answer["plan_id"],
        answer["risk"],
        changes_of(answer),
        text,
        answer,
    )


def plan_text(answer: dict[str, Any], opened: dict[str, Any], mode: str) -> str:
    """As `moult plan` shows it."""
    head = f"{opened['database']} ({opened['engine']}) → models: "
    if answer["behind_version"]:
        return f"{head}behind: they are version {answer['behind_version']}, which has been replaced since\n"
    if answer["plan_id"] is None:
        return f"{head}up to date\n"
    short, count = answer["plan_id"][:8], len(answer["changes"])
    text = f"{head}{count} change{'s' * (count != 1)}, plan {short}\n\n{ours(answer.get('text') or '').rstrip()}\n"
    if answer["allowed"]:
        return text
    return (
        f"{text}\nMode {mode} does not apply this: {risks(answer['changes'])}.\n"
        f"  approve exactly this plan    fastapi-easy migrate approve {short}\n"
        f"  approve and apply it now     fastapi-easy migrate apply --approve {short}\n"
    )


def risks(changes: list[dict[str, Any]]) -> str:
    """ "1 change is high risk, 2 medium" """
    said = ""
    for level in ("high", "medium"):
        count = sum(change["risk"] == level for change in changes)
        if count and not said:
            said = f"{count} change{'s are' if count > 1 else ' is'} {level} risk"
        elif count:
            said += f", {count} {level}"
    return said


STATES = {
    "up_to_date": "up to date with the models",
    "waits": "it was expanded, and its contract waits",
    "interrupted": "an apply did not end; 'fastapi-easy migrate resume' goes on",
    "recorded": "there is nothing to compare with, but a history",
    "no_history": "nothing was applied yet",
}
STATUS_EXIT = {"pending": 2, "waits": 2, "interrupted": 6}


def status_text(status: dict[str, Any]) -> str:
    state, count = status["state"], status["changes"]
    if state == "pending":
        said = (
            f"pending: {count} change{'s' * (count != 1)}, at most {status['risk']} risk, plan {status['plan_id'][:8]}"
        )
    elif state == "behind":
        said = f"behind: the models are version {status['behind_version']}, which has been replaced since"
    else:
        said = STATES.get(state, state)
    lines = [f"{status['database']} ({status['engine']})", f"  state    {said}"]
    if status["version"]:
        when = str(status["applied_at"])[:19].replace("T", " ")
        lines.append(f"  version  {status['version']}, applied {when} UTC by {status['applied_by']}")
    if status["lock"]["state"] != "free":
        lines.append(f"  lock     {status['lock']['state']}: process {status['lock']['pid']}, {status['lock']['note']}")
    for plan in status["plans"]:
        word = f"approved by {plan['approved_by']}" if plan["approved_at"] else "waits for approval"
        lines.append(f"  plan     {plan['id'][:8]}, {word}")
    lines += [f"  drift    {each}" for each in map(words, status["drift"])]
    lines += [f"  history  {each}" for each in map(words, status["history_problems"])]
    return "\n".join(lines) + "\n"


def words(entry: Any) -> str:
    return " ".join(str(v) for v in entry.values()) if isinstance(entry, dict) else str(entry)
