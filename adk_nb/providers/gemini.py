"""Gemini Live: its credentials, the models there are, and what is missing.

Configuration is ADK's: `GOOGLE_API_KEY` for AI Studio, or `GOOGLE_GENAI_USE_VERTEXAI` with a
project and a location, in the environment or in a `.env` file beside the notebook or above it. No
value of a key leaves this module.
"""

from __future__ import annotations

import os
import re
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from adk_nb.exceptions import CredentialsError
from adk_nb.providers import env_file

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd
    from google.adk.models.base_llm import BaseLlm
    from google.genai import types

AI_STUDIO = "AI Studio"
VERTEX_AI = "Vertex AI"
EMBEDDED = "this machine"

# The default that https://ai.google.dev/gemini-api/docs/models/gemini-3.8-live recommends, and
# ADK's own `LlmAgent.DEFAULT_LIVE_MODEL`, which Vertex AI serves in regions (not on `global`).
AI_STUDIO_MODEL = "gemini-3.8-live"
VERTEX_AI_MODEL = "gemini-live-2.5-flash-native-audio"
_KNOWN = {
    AI_STUDIO: (
        AI_STUDIO_MODEL,
        "gemini-3.1-flash-live-preview",
        "gemini-2.5-flash-native-audio-preview-12-2025",
    ),
    VERTEX_AI: (VERTEX_AI_MODEL, "gemini-3.8-live"),
}

_KEYS = ("GOOGLE_API_KEY", "GEMINI_API_KEY")
_FLAGS = ("GOOGLE_GENAI_USE_ENTERPRISE", "GOOGLE_GENAI_USE_VERTEXAI")
_PROJECT = "GOOGLE_CLOUD_PROJECT"
_LOCATION = "GOOGLE_CLOUD_LOCATION"
_CERTIFICATES = "SSL_CERT_FILE"
_MODEL = "ADK_NB_MODEL"
_LOCAL = "adk_nb.local_model()"

# Names of one group say the same thing: where the environment has one, a `.env` sets no other.
_GROUPS = (
    _KEYS,
    _FLAGS,
    (_PROJECT,),
    (_LOCATION,),
    ("GOOGLE_APPLICATION_CREDENTIALS",),
    (_CERTIFICATES,),
    (_MODEL,),
)

# As in "PASTE_YOUR_KEY_HERE", "<key>" and "...".
_PLACEHOLDER = re.compile(r"<.*>|\W*|(YOUR|PASTE)[_ -][A-Z_ -]*", re.IGNORECASE)
_TIMEOUT_MS = 10_000
"""How long `models` waits for the API (ms)."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """The credentials that were found for Gemini, without the key itself.

    Attributes:
        platform: `AI Studio` or `Vertex AI`, as the variables ask for.
        key: The name of the variable that has an API key; empty if none has.
        project: The Google Cloud project; empty if none is named.
        location: Its region; empty if none is named.
        env_file: The `.env` file that was read; None if there is none.
    """

    platform: str
    key: str
    project: str
    location: str
    env_file: Path | None


def default_model() -> str | BaseLlm:
    """Returns the live model that can be used here.

    That is the first of: the model that `ADK_NB_MODEL` names ("local" for the embedded default); a
    Gemini Live model, if there is a key for AI Studio or Vertex AI is asked for; `local_model()`.

    Warns:
        UserWarning: A placeholder stands in the place of the key, so it is `local_model()`.

    Raises:
        CredentialsError: Gemini is asked for by name or by `GOOGLE_GENAI_USE_VERTEXAI`, and
            something that it needs is missing.
    """
    found = credentials()
    named = os.environ.get(_MODEL, "").strip()
    if not named and found.platform == AI_STUDIO and not found.key:
        named = "local"
        _warn_of_placeholder(found)
    if named.lower() == "local":
        from adk_nb.local import local_model

        return local_model()
    name = named or (VERTEX_AI_MODEL if found.platform == VERTEX_AI else AI_STUDIO_MODEL)
    error = problem(name)
    if error is not None:
        raise error
    return name


def _warn_of_placeholder(found: Credentials) -> None:
    raw = _placeholder()
    if raw:
        warnings.warn(
            f"{raw} is still a placeholder, so the embedded model answers. For Gemini write a key "
            f"from https://aistudio.google.com/apikey into {_target(found)}, and run the cell "
            "again; to leave it so without this warning, remove the line.",
            stacklevel=3,
        )


def credentials() -> Credentials:
    """Returns the credentials for Gemini, after reading the `.env` file.

    Raises:
        CredentialsError: There is a `.env` file that cannot be read.
    """
    path = env_file.load(_GROUPS)
    return Credentials(
        platform=VERTEX_AI if wants_vertex_ai() else AI_STUDIO,
        key=next((name for name in _KEYS if _value(name)), ""),
        project=_value(_PROJECT),
        location=_value(_LOCATION),
        env_file=path,
    )


def problem(model: object) -> CredentialsError | None:
    """Returns what is missing to reach a model; None if nothing is known to be missing.

    Args:
        model: A model's name, or an ADK model that is no cascade.
    """
    name = _gemini(model)
    if not name:
        return None
    try:
        found = credentials()
    except CredentialsError as error:
        return error
    missing = _missing_vertex if found.platform == VERTEX_AI else _missing_key
    return missing(name, found) or _wrong_certificates()


def models() -> pd.DataFrame:
    """Returns a frame of the live models: those that the key offers, and the embedded default.

    Without a key, or if the API cannot be asked, it has the models that this version knows, and
    `note` says why.

    Returns:
        A row for each model: `model`, `platform`, `default` (whether `default_model` takes it),
        `kind` (`native audio`, `half-cascade`, `cascade`, or empty), `input_tokens`, `source`
        (`API`, `known` or `embedded`), `note`.
    """
    import pandas as pd

    platform, rows = AI_STUDIO, []
    try:
        platform = credentials().platform
        error = problem(_known(platform))
        if error is not None:
            raise error  # noqa: TRY301 - all that fails ends in the frame
        rows = [_row(one.name or "", platform, one.input_token_limit) for one in _offered()]
        note = "" if rows else "The key offers no live model."
    except Exception as error:
        from adk_nb.providers.explain import explain

        note = explain(error).args[0]
    if not rows:
        rows = [_row(name, platform, None, "known", note) for name in _KNOWN[platform]]
    rows.append(_row("local", EMBEDDED, None, "embedded", f"Is {_LOCAL}; needs no key."))
    chosen = _chosen()
    for row in rows:
        row["default"] = row["model"] == chosen
    return pd.DataFrame(rows).astype({"input_tokens": "Int64", "default": "bool"})


def wants_vertex_ai() -> bool:
    """Returns whether the variables ask for Vertex AI; the newer of the two names wins."""
    flag = next((name for name in _FLAGS if name in os.environ), "")
    # As google-genai reads them.
    return os.environ.get(flag, "").lower() in {"true", "1"}


def _value(name: str) -> str:
    """Returns a variable's value; empty if it is a placeholder from an example."""
    value = os.environ.get(name, "").strip()
    return "" if _PLACEHOLDER.fullmatch(value) else value


def _placeholder() -> str:
    """Returns the name of a variable that has a placeholder in the place of a key, if any has."""
    names = (name for name in _KEYS if os.environ.get(name, "").strip() and not _value(name))
    return next(names, "")


def _gemini(model: object) -> str:
    """Returns the name of a Gemini model; empty if it is none."""
    if isinstance(model, str):
        return model if model.removeprefix("models/").startswith("gemini") else ""
    name = getattr(model, "model", None)
    if not isinstance(name, str):
        return ""
    # A subclass, or the user's own client, may have other credentials.
    kind = f"{type(model).__module__}.{type(model).__name__}"
    own = any(getattr(model, part, None) for part in ("client", "client_kwargs", "base_url"))
    return "" if own or kind != "google.adk.models.google_llm.Gemini" else _gemini(name)


def _missing_key(name: str, found: Credentials) -> CredentialsError | None:
    if found.key:
        return None
    raw = _placeholder()
    what = f"{raw} is still a placeholder" if raw else f"{_KEYS[0]} is not set"
    hint = ""
    flag = next((one for one in _FLAGS if one in os.environ), "")
    if os.environ.get(flag, "").lower() not in {"", "false", "0"}:
        hint = f" For Vertex AI write {flag}=TRUE."
    elif found.project:
        hint = f" For Vertex AI, as {_PROJECT} is set, add {_FLAGS[1]}=TRUE."
    return CredentialsError(
        f"{what}, and {name} needs an API key.",
        remedy=f"Get one at https://aistudio.google.com/apikey, write {_KEYS[0]}=... into "
        f"{_target(found)}, and {_again()}; or use {_LOCAL}.{hint}",
    )


def _missing_vertex(name: str, found: Credentials) -> CredentialsError | None:
    if os.environ.get("GOOGLE_VERTEX_BASE_URL"):
        return None  # A gateway has its own credentials.
    if found.key and not found.project and not found.location:
        return None  # Vertex AI's express mode.
    absent = [
        variable
        for variable, value in ((_PROJECT, found.project), (_LOCATION, found.location))
        if not value
    ]
    if not absent:
        return None
    verb = "are" if len(absent) > 1 else "is"
    example = {_PROJECT: "your-project-id", _LOCATION: "us-central1"}
    lines = " and ".join(f"{variable}={example[variable]}" for variable in absent)
    return CredentialsError(
        f"{' and '.join(absent)} {verb} not set, and {name} on Vertex AI needs both.",
        remedy=f"Write {lines} into {_target(found)}, run `gcloud auth application-default login` "
        f"in a terminal once, and {_again()}; or use {_LOCAL}.",
    )


def _wrong_certificates() -> CredentialsError | None:
    path = os.environ.get(_CERTIFICATES, "")
    if not path or os.path.isfile(path):  # noqa: PTH113 - must not raise
        return None
    return CredentialsError(
        f"{_CERTIFICATES} names a file that is not there: {path}.",
        remedy="Correct it, or unset it; `python -m certifi` prints one that is there.",
        code="certificate",
    )


def _target(found: Credentials) -> str:
    """Returns the file that a variable is to be written into."""
    folder = next(env_file.folders(), None)
    return str(found.env_file or (folder / ".env" if folder is not None else ".env"))


def _again() -> str:
    return "try again" if env_file.is_of_agent() else "run the cell again"


def _known(platform: str) -> str:
    return _KNOWN[platform][0]


def _offered() -> list[types.Model]:
    from google.genai import Client, types as genai_types

    with Client(http_options=genai_types.HttpOptions(timeout=_TIMEOUT_MS)) as client:
        return [one for one in client.models.list() if _is_live(one)]


def _is_live(model: types.Model) -> bool:
    if model.supported_actions is not None:
        return "bidiGenerateContent" in model.supported_actions
    # Vertex AI does not say what a model can do.
    name = _short(model.name or "")
    return name.startswith("gemini") and ("-live" in name or "native-audio" in name)


def _short(name: str) -> str:
    return name.rsplit("/", 1)[-1]


def _row(
    name: str, platform: str, tokens: int | None, source: str = "API", note: str = ""
) -> dict[str, Any]:
    name = _short(name)
    return {
        "model": name,
        "platform": platform,
        "default": False,
        "kind": "cascade" if platform == EMBEDDED else kind(name),
        "input_tokens": tokens,
        "source": source,
        "note": note,
    }


def kind(name: str) -> str:
    """Returns how a Live model speaks: `native audio`, `half-cascade`, or empty if not known."""
    name = _short(name)
    if "native-audio" in name or name.startswith(("gemini-3.1-flash-live", "gemini-3.8-live")):
        return "native audio"
    # https://google.github.io/adk-docs/streaming/dev-guide/part5 lists these.
    half = ("gemini-2.0-flash-live", "gemini-live-2.5-flash")
    return "half-cascade" if name.startswith(half) else ""


def _chosen() -> str:
    try:
        model = default_model()
    except CredentialsError:
        return ""
    return _short(model) if isinstance(model, str) else "local"
