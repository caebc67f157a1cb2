#!/usr/bin/env bash
# Finds a Python that can run steps.py, and has it run. bash 3.2, which macOS has, is enough.
set -eu

folder=$(dirname "$0")
recent='import sys; sys.exit(not (3, 11) <= sys.version_info[:2])'
tested='import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))'

run_with() { # CHECK PYTHON ARGUMENT...: does not return where the Python passes the check
  local check=$1 python=$2
  shift 2
  if "$python" -c "$check" 2>/dev/null; then
    exec "$python" "$folder/steps.py" "$@"
  fi
}

if [ -n "${PYTHON:-}" ]; then
  run_with "$recent" "$PYTHON" "$@"
  echo "make: PYTHON=$PYTHON does not run, or is older than 3.11. Name one that does, or leave it out." >&2
  exit 1
fi
if [ -n "${VENV:-}" ]; then
  run_with "$recent" "$VENV/bin/python" "$@"
fi
for python in python3 python3.13 python3.12 python3.11; do
  run_with "$tested" "$python" "$@"
done
for python in python3 python3.14; do
  run_with "$recent" "$python" "$@"
done
if [ -n "${UV-uv}" ] && command -v "${UV-uv}" >/dev/null; then
  exec "${UV-uv}" run --quiet --no-project --python '>=3.11,<3.14' python "$folder/steps.py" "$@"
fi
echo "make: there is no Python 3.11 or later. Install one, or name it: make lab PYTHON=/path/to/python3.13" >&2
exit 1
