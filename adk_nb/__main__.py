"""Runs for `python -m adk_nb`."""

from __future__ import annotations

import sys

from adk_nb.cli import main

if __name__ == "__main__":
    sys.exit(main())
