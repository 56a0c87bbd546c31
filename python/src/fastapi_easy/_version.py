# SPDX-License-Identifier: MIT
"""The version, the same as that of the moult command that it talks to."""

__version__ = "0.1.0"
