"""Which ADK is installed, which one the package needs, and the error if the two do not fit."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, requires, version

from adk_nb.exceptions import AdkVersionError

NEEDED = "google-adk>=2.13,<3"
"""As in pyproject.toml, for a package that runs without being installed."""


def installed() -> str:
    """Returns the version of ADK that is installed; empty if none is."""
    try:
        return version("google-adk")
    except PackageNotFoundError:
        return ""


def needed() -> str:
    """Returns the requirement of ADK that the package states, such as `google-adk>=2.13,<3`."""
    try:
        needs = requires("adk-nb") or []
    except PackageNotFoundError:
        needs = []
    own = (one.partition(";")[0].strip() for one in needs if one.startswith("google-adk"))
    return next(own, NEEDED)


def unfit(problems: str) -> AdkVersionError:
    """Returns the error for an ADK that the package cannot work with.

    Args:
        problems: What is wrong with it, in sentences; left out if there is none at all.
    """
    found, wanted = installed(), needed()
    what = f"google-adk {found} is installed. {problems}" if found else "none is installed."
    return AdkVersionError(
        f"adk_nb needs {wanted}, and {what}",
        remedy=f"Run pip install --upgrade adk-nb '{wanted}', and restart the kernel.",
    )


def not_imported(module: str, error: BaseException) -> str:
    """Returns why a module cannot be imported, as a sentence.

    A module that is not there is told apart from one that raises an error of its own.
    """
    if isinstance(error, ModuleNotFoundError) and f"{module}.".startswith(f"{error.name}."):
        return f"{module} is not there."
    return f"{module} could not be imported: {type(error).__name__}: {str(error).rstrip('.')}."
