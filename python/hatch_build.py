# SPDX-License-Identifier: MIT
"""A wheel of one platform carries the moult command: what scripts/wheel has put into the folder MOULT_CARRIED."""

from __future__ import annotations

import os
import sysconfig
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class Carry(BuildHookInterface):  # type: ignore[type-arg]
    """Without that folder the wheel is of any platform, and finds moult by MOULT_BINARY or PATH."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        carried = os.environ.get("MOULT_CARRIED")
        if carried and self.target_name == "wheel":
            build_data["pure_python"] = False
            build_data["tag"] = "py3-none-" + sysconfig.get_platform().replace("-", "_").replace(".", "_")
            build_data["force_include"][carried] = "fastapi_easy/_bin"
