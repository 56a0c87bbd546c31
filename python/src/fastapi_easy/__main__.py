# SPDX-License-Identifier: MIT
"""python -m fastapi_easy is the command fastapi-easy."""

import sys

from fastapi_easy.cli import main

sys.exit(main())
