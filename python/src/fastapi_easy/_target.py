# SPDX-License-Identifier: MIT
"""Finds what "package.module:name" means: imports the module and takes the attribute."""

from __future__ import annotations

import importlib
import importlib.util
import traceback
from typing import Any

from fastapi_easy.errors import FastAPIEasyError


class TargetError(FastAPIEasyError):
    """A "module:name" that names nothing."""


def load(target: str) -> Any:
    """What stands at "module:name" or "module:name.attribute". What the module itself raises is shown with its place."""
    module_name, _, path = target.partition(":")
    if not module_name or not path:
        raise TargetError(f"{target!r} names nothing; write it as package.module:name, such as app.models:Base")
    found: Any = imported(module_name)
    for name in path.split("."):
        try:
            found = getattr(found, name)
        except AttributeError:
            raise TargetError(f"module {module_name} has no {path}") from None
    return found


def imported(name: str) -> Any:
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as missing:
        if missing.name and (name == missing.name or name.startswith(f"{missing.name}.")):
            raise TargetError(
                f"there is no module {missing.name} here; start this where `import {name}` works"
            ) from None
        raise broken(name, missing) from missing
    except Exception as wrong:
        raise broken(name, wrong) from wrong


def broken(name: str, wrong: Exception) -> TargetError:
    """An error of the module's own: the reader needs the lines of that module, not ours."""
    frames = traceback.extract_tb(wrong.__traceback__)
    own = [f for f in frames if "importlib" not in f.filename and f.filename != __file__]
    lines = "".join(traceback.format_list(own)).rstrip()
    return TargetError(f"{name} cannot be imported: {type(wrong).__name__}: {wrong}\n{lines}")
