# SPDX-License-Identifier: MIT
"""For all tests: the checkout is where packages are looked for, and the servers are fixtures."""
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))

from tests.servers.fixtures import *  # noqa: E402, F401, F403
