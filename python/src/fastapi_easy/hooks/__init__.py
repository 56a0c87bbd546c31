# SPDX-License-Identifier: MIT
"""Running a hook: its connection speaks SQLAlchemy and is moult's own, in the transaction that records the hook."""
