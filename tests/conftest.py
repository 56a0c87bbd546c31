# SPDX-License-Identifier: MIT
"""For all tests: the checkout is where packages are looked for, and the servers are fixtures."""
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))

from tests.servers.fixtures import *  # noqa: E402, F401, F403


@pytest.fixture(scope="session")
def speaks(postgres, tmp_path_factory):
    """Skips where the command cannot make a table in PostgreSQL at all."""
    moult = os.environ.get("MOULT", str(ROOT / "build" / "moult"))
    desired = tmp_path_factory.mktemp("speaks") / "schema.sql"
    desired.write_text("CREATE TABLE t (a int);\n")
    with postgres.database() as name:
        done = subprocess.run([moult, "apply", "--url", postgres.url(name), "--to", str(desired)], capture_output=True, text=True)
    if done.returncode:
        pytest.skip("this build of moult makes no table in PostgreSQL: " + (done.stderr.strip().splitlines() or ["exit %d" % done.returncode])[0])
