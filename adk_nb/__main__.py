"""Runs for `python -m adk_nb`."""

from __future__ import annotations

from adk_nb.cli import end, main

if __name__ == "__main__":
    end(main())
