"""Every private name of ADK that the package relies on, checked before it is used.

ADK may change what begins with an underscore in any release, and makes one every two weeks. `check`
reports what an ADK lacks; `install` puts our replacements in place, once.
"""

from __future__ import annotations

import importlib
import inspect
import threading
import warnings
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, requires, version

from adk_nb.exceptions import AdkVersionError


@dataclass(frozen=True, slots=True)
class Private:
    """A private name of ADK.

    Attributes:
        module: The module that has it.
        name: The name, after dots within a class; empty if the module itself is meant.
        why: What it is used for, and why there is no public way.
        parameters: Parameters that it must have, if it is a function.
        set_by: Names that the class's code must mention, as it sets them on its instances.
        costs: What is lost without it, in a sentence; empty if nothing works without it.
    """

    module: str
    name: str
    why: str
    parameters: tuple[str, ...] = ()
    set_by: tuple[str, ...] = ()
    costs: str = ""


PRIVATE = (
    Private(
        "google.adk.live._cascade_live",
        "CascadeLiveConnection",
        "CascadeLive makes its connection of this name; it has no setting for another class.",
    ),
    Private(
        "google.adk.live._cascade_live_connection",
        "CascadeLiveConnection",
        "Its estimate of what was heard is replaced by what the player says.",
        set_by=("_turn_audio_ms", "_contents", "_tts", "_state"),
    ),
    Private(
        "google.adk.live._cascade_live_connection",
        "_State",
        "A cascade that only writes can be interrupted as one that speaks can.",
    ),
    Private(
        "google.adk.live._cascade_live_connection",
        "CascadeLiveConnection._record_spoken",
        "What was written has been read, also where the user cuts in.",
        parameters=("heard_only",),
    ),
    Private(
        "google.adk.live._cascade_live_connection",
        "CascadeLiveConnection._extract_heard_sentences",
        "It estimates what was heard.",
        parameters=("playback_start",),
    ),
    Private(
        "google.adk.live._cascade_live_connection",
        "CascadeLiveConnection._start_reasoning",
        "An agent that takes over answers at once, as Gemini's do.",
    ),
    Private(
        "google.adk.live._cascade_live_connection",
        "CascadeLiveConnection._on_user_turn_finished",
        "A call that the user cuts off gets a result, which a text model insists on.",
        parameters=("event",),
    ),
    Private(
        "google.adk.live._cascade_live_connection",
        "_now",
        "The clock of that estimate.",
    ),
    Private(
        "google.adk.live._cascade_live",
        "CascadeLive._llm",
        "The text model within a cascade, to load it ahead and to see what it needs.",
        costs="A cascade's text model is loaded only when it is first used.",
    ),
    Private(
        "google.adk.flows.llm_flows.base_llm_flow",
        "BaseLlmFlow._handle_after_model_callback",
        "Only there is it known that a callback replaced an answer, which then falls silent.",
        parameters=("llm_response", "model_response_event"),
    ),
    Private(
        "google.adk.flows.llm_flows.base_llm_flow",
        "BaseLlmFlow._handle_before_model_callback",
        "As above, where a callback answers what was spoken after the model has begun to.",
        parameters=("llm_request", "model_response_event"),
    ),
    Private(
        "google.adk.models.google_llm",
        "GeminiLlmConnection",
        "Gemini makes its connection of this name; it has no setting for another class.",
    ),
    Private(
        "google.adk.models.gemini_llm_connection",
        "GeminiLlmConnection",
        "A goAway is answered between two turns, where ADK loses the rest of an answer.",
        set_by=("_gemini_session", "_is_gemini_3_x_live"),
    ),
    Private(
        "google.adk.utils.content_utils",
        "_filter_media_parts",
        "A history that is told anew has no sound in it.",
        parameters=("content",),
    ),
    Private(
        "google.adk.utils._sync_runner",
        "_get_tool_thread_pool",
        "Functions run in threads; tool_thread_pool_config would run all else in loops of its own.",
    ),
    Private(
        "google.adk.utils._sync_runner",
        "_use_executor_for_sync_callables",
        "As above.",
        parameters=("executor",),
    ),
    Private(
        "google.adk.utils._sync_runner",
        "_make_executor_sync_callable_runner",
        "A StopIteration in a thread is turned into an error that asyncio can pass on.",
        costs="A function that lets a StopIteration escape is waited for without end.",
    ),
    Private(
        "google.adk.flows.llm_flows.tools._caller",
        "_call_tool_async",
        "ADK takes only an Exception for an error of a tool.",
        costs="A tool that calls sys.exit() ends its turn.",
    ),
    Private(
        "google.adk.flows.llm_flows.tools._live_caller",
        "_call_tool_async",
        "As above.",
        costs="A tool that calls sys.exit() ends its turn.",
    ),
    Private(
        "google.adk.flows.llm_flows.tools._live_caller",
        "_call_tool_in_thread_pool",
        "As above.",
        costs="A tool that calls sys.exit() ends its turn.",
    ),
    Private(
        "google.adk.flows.llm_flows.tools._functions",
        "handle_function_calls_live",
        "Tools run beside the reading of what the model sends; ADK waits for them.",
        parameters=("invocation_context", "function_call_event", "tools_dict"),
    ),
    Private(
        "google.adk.flows.llm_flows.tools._agent_tools",
        "mark_live_async_tools_non_blocking",
        "What is declared of tools that do not say whether they block is the session's choice.",
        parameters=("llm_request",),
    ),
    Private(
        "google.adk.flows.llm_flows.tools._live_caller",
        "_is_non_blocking_tool",
        "As above: ADK's own tasks lose what is raised around a tool.",
        parameters=("tool",),
    ),
    Private(
        "google.adk.agents.invocation_context",
        "InvocationContext._enqueue_event",
        "As above: it adds the event of a result to the run.",
        parameters=("event",),
    ),
    Private(
        "google.genai._api_client",
        "BaseApiClient",
        "A client that could not be made fails once more when it is collected.",
        costs="A Gemini model without a key leaves a traceback in the notebook.",
    ),
    Private(
        "google.adk.agents.live_request_queue",
        "LiveRequestQueue",
        "The queue to the model gets a bound, which ADK's has not.",
        set_by=("_queue",),
    ),
    Private(
        "google.adk.tools.base_tool",
        "BaseTool._get_declaration",
        "A tool that cannot be declared is found before a swap, not in the middle of it.",
    ),
    Private(
        "google.adk.live._live_llm_flow",
        "",
        "What its log says of a lost connection is told in the page, with a remedy.",
        costs="ADK's own messages about lost connections appear in the kernel's log.",
    ),
)

_lock = threading.Lock()
_installed = False


def check() -> None:
    """Checks that the installed ADK has what the package relies on.

    Warns if something is missing that is not essential.

    Raises:
        AdkVersionError: Something essential is missing.
    """
    missing = [(one, problem) for one in PRIVATE if (problem := _problem(one))]
    for one, problem in missing:
        if one.costs:
            warnings.warn(f"{problem} {one.costs}", RuntimeWarning, stacklevel=2)
    grave = [problem for one, problem in missing if not one.costs]
    if grave:
        raise AdkVersionError(
            f"adk_nb does not fit google-adk {_found()}: {' '.join(grave)}",
            remedy=f"Run pip install --upgrade adk-nb, or pip install '{_needed()}'.",
        )


def install() -> None:
    """Puts our replacements in the places of ADK's own; idempotent."""
    global _installed  # noqa: PLW0603 - once a process, like what it changes
    with _lock:
        if _installed:
            return
        from google.adk.live import _cascade_live
        from google.adk.models import google_llm

        from adk_nb.adk import (
            background_tools,
            cascade_connection,
            gemini_connection,
            genai_client,
            log_filter,
            user_errors,
            withheld,
        )

        # Each is a subclass that does as its base does in a run that is not a session's.
        _cascade_live.CascadeLiveConnection = cascade_connection.HeardConnection  # type: ignore[attr-defined]
        google_llm.GeminiLlmConnection = gemini_connection.LongConnection  # type: ignore[attr-defined]
        log_filter.listen()
        user_errors.install()
        background_tools.install()
        genai_client.install()
        withheld.install()
        _installed = True


def _problem(private: Private) -> str:
    """Returns what is wrong with a private name, in a sentence; nothing if it is as expected."""
    where = ".".join(filter(None, (private.module, private.name)))
    try:
        found: object = importlib.import_module(private.module)
    except ImportError:
        return f"{private.module} is not there."
    for part in filter(None, private.name.split(".")):
        # A private attribute of a pydantic model is no attribute of its class.
        inside = getattr(found, "__private_attributes__", {})
        found = inside[part] if part in inside else getattr(found, part, None)
        if found is None:
            return f"{where} is not there."
    lacking = [name for name in private.parameters if name not in _parameters(found)]
    if lacking:
        return f"{where} takes no {', '.join(lacking)}."
    unset = [name for name in private.set_by if name not in _code(found)]
    return f"{where} has no {', '.join(unset)}." if unset else ""


def _parameters(function: object) -> set[str]:
    try:
        return set(inspect.signature(function).parameters)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return set()


def _code(cls: object) -> str:
    try:
        return inspect.getsource(cls)  # type: ignore[arg-type]
    except (OSError, TypeError):
        return " ".join(name for one in PRIVATE for name in one.set_by)  # Not checked.


def _found() -> str:
    try:
        return version("google-adk")
    except PackageNotFoundError:
        return "(not installed)"


def _needed() -> str:
    try:
        needs = requires("adk-nb") or []
    except PackageNotFoundError:
        needs = []
    own = (one.partition(";")[0].strip() for one in needs if one.startswith("google-adk"))
    return next(own, "google-adk>=2.13,<3")
