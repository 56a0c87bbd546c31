# SPDX-License-Identifier: MIT
"""How this package talks to moult: a process, one line of JSON a message."""
