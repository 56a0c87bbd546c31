# SPDX-License-Identifier: MIT
"""What goes wrong, each with a text for a person: what happened, where, and what to do."""

from __future__ import annotations


class FastAPIEasyError(Exception):
    """The common ancestor of all errors of this package."""


class DDLError(FastAPIEasyError):
    """Models that cannot be written down as SQL, or not without changing what they mean."""


class DDLWarning(UserWarning):
    """Something in the models has no effect in this dialect, or there is nothing in them."""
