# SPDX-License-Identifier: MIT
"""Models that raise while they are imported."""

from __future__ import annotations

Base = 1 / 0
