"""Every private name of ADK that the package relies on, with the reason; `guard` checks them."""

from __future__ import annotations

from dataclasses import dataclass

from adk_nb.adk import log_filter, user_errors


@dataclass(frozen=True, slots=True)
class Private:
    """A private name of ADK.

    Attributes:
        module: The module that has it.
        name: The name, after dots within a class.
        why: What it is used for, and why there is no public way.
        parameters: Parameters that it is called with, or replaced for, if it is a function. It must
            have them, and demand no others. None if any will do.
        replaced: Whether a function with these parameters stands in its place, so that it may not
            even have others: ADK would give them to ours.
        set_by: Names that the class's code must mention, as it sets them on its instances.
        ours: Names that our subclass adds, so that the class must not have them.
        costs: What is lost without it, in a sentence; empty if nothing works without it.
    """

    module: str
    name: str
    why: str
    parameters: tuple[str, ...] | None = None
    replaced: bool = False
    set_by: tuple[str, ...] = ()
    ours: tuple[str, ...] = ()
    costs: str = ""


_CASCADE = "google.adk.live._cascade_live_connection"
_FLOW = "google.adk.flows.llm_flows.base_llm_flow"
_TOOLS = "google.adk.flows.llm_flows.tools"
_RUNNER = "google.adk.utils._sync_runner"

_EXITS = "A tool that calls sys.exit() ends its turn."
_ALIVE = "A result that a callback goes on changing is told to the next model as it is then."
_CALLBACKS = "A callback that raises an error of asyncio's ends the connection to the model."

PRIVATE = (
    Private(
        "google.adk.live._cascade_live",
        "CascadeLiveConnection",
        "CascadeLive makes its connection of this name; it has no setting for another class.",
    ),
    Private(
        _CASCADE,
        "CascadeLiveConnection",
        "Its estimate of what was heard is replaced by what the player says.",
        set_by=("_turn_audio_ms", "_contents", "_tts", "_state"),
        ours=(
            *("_session", "_speak", "_utter", "_writes", "_held", "_held_ms"),
            *("_results", "_open_calls", "_close_calls"),
        ),
    ),
    Private(
        _CASCADE,
        "_State.AGENT_SPEAKING",
        "A cascade that only writes can be interrupted as one that speaks can.",
    ),
    Private(
        _CASCADE,
        "CascadeLiveConnection._record_spoken",
        "What was written has been read, also where the user cuts in.",
        parameters=("heard_only",),
        replaced=True,
    ),
    Private(
        _CASCADE,
        "CascadeLiveConnection._extract_heard_sentences",
        "It estimates what was heard.",
        parameters=("playback_start",),
        replaced=True,
    ),
    Private(
        _CASCADE,
        "CascadeLiveConnection._start_reasoning",
        "An agent that takes over answers at once, as Gemini's do.",
        parameters=(),
    ),
    Private(
        _CASCADE,
        "CascadeLiveConnection._on_user_turn_finished",
        "A call that the user cuts off gets a result, which a text model insists on.",
        parameters=("event",),
        replaced=True,
    ),
    Private(
        _CASCADE,
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
        _FLOW,
        "BaseLlmFlow._handle_after_model_callback",
        "Only there is it known that a callback replaced an answer, which then falls silent.",
        parameters=("invocation_context", "llm_response", "model_response_event"),
        replaced=True,
    ),
    Private(
        _FLOW,
        "BaseLlmFlow._handle_before_model_callback",
        "Only there is it known that a callback answered what the model had begun to answer.",
        parameters=("invocation_context", "llm_request", "model_response_event"),
        replaced=True,
    ),
    Private(
        "google.adk.tools.function_tool",
        "FunctionTool",
        "A tool that asks for a confirmation still does when its function was redefined.",
        set_by=("_require_confirmation",),
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
        ours=(
            *("_session", "_overheard", "_go_away", "_deadline", "_resumable", "_idle_at"),
            *("_current", "_lasting", "_responses", "_keep", "_note", "_patience", "_time_to_go"),
        ),
    ),
    Private(
        "google.adk.utils.content_utils",
        "_filter_media_parts",
        "A history that is told anew has no sound in it.",
        parameters=("content",),
    ),
    Private(
        _RUNNER,
        "_get_tool_thread_pool",
        "Functions run in threads; tool_thread_pool_config would run all else in loops of its own.",
        parameters=(),
    ),
    Private(
        _RUNNER,
        "_use_executor_for_sync_callables",
        "It has ADK run functions in those threads.",
        parameters=("executor",),
    ),
    Private(
        _RUNNER,
        "_make_executor_sync_callable_runner",
        "A StopIteration in a thread is turned into an error that asyncio can pass on.",
        costs="A function that lets a StopIteration escape is waited for without end.",
    ),
    Private(
        f"{_TOOLS}._caller",
        "_call_tool_async",
        "ADK takes only an Exception for an error of a tool.",
        parameters=("tool", "args", "tool_context"),
        replaced=True,
        costs=_EXITS,
    ),
    Private(
        f"{_TOOLS}._live_caller",
        "_call_tool_async",
        "ADK takes only an Exception for an error of a tool.",
        parameters=("tool", "args", "tool_context"),
        replaced=True,
        costs=_EXITS,
    ),
    *(
        Private(
            f"{_TOOLS}.{module}",
            "_build_function_response_content",
            "What a model is told, and ADK's history keeps, is copied: its maker may change it.",
            parameters=("tool", "function_result", "function_call_id"),
            costs=_ALIVE,
        )
        for module in ("_caller", "_live_caller")
    ),
    Private(
        f"{_TOOLS}._live_caller",
        "_call_tool_in_thread_pool",
        "ADK takes only an Exception for an error of a tool.",
        parameters=("tool", "args", "tool_context"),
        costs=_EXITS,
    ),
    Private(
        f"{_TOOLS}._functions",
        "handle_function_calls_live",
        "Tools run beside the reading of what the model sends; ADK waits for them.",
        parameters=("invocation_context", "function_call_event", "tools_dict"),
        replaced=True,
    ),
    Private(
        f"{_TOOLS}._agent_tools",
        "mark_live_async_tools_non_blocking",
        "What is declared of tools that do not say whether they block is the session's choice.",
        parameters=("llm_request",),
        replaced=True,
    ),
    Private(
        f"{_TOOLS}._live_caller",
        "_is_non_blocking_tool",
        "ADK's own tasks for such tools lose what is raised around a tool; ours do not.",
        parameters=("tool",),
        replaced=True,
    ),
    Private(
        "google.adk.agents.invocation_context",
        "InvocationContext._enqueue_event",
        "It adds the event of a result to the run, as ADK does for a tool that does not block.",
        parameters=("event",),
    ),
    *(
        Private(
            module,
            f"{agent}.canonical_{kind}_callbacks",
            "What a callback of the user's raises is turned into an Exception.",
            costs=_CALLBACKS,
        )
        for module, agent, kinds in user_errors.CALLBACKS
        for kind in kinds
    ),
    Private(
        "google.adk.plugins.plugin_manager",
        "PluginManager._run_callbacks",
        "What a plugin's callback raises is turned into an Exception.",
        costs=_CALLBACKS,
    ),
    Private(
        "google.genai._api_client",
        "BaseApiClient",
        "A client that could not be made fails once more when it is collected.",
        set_by=("_http_options", "_async_httpx_client", "_aiohttp_sessions"),
        costs="A Gemini model without a key leaves a traceback in the notebook.",
    ),
    Private(
        "google.adk.agents.live_request_queue",
        "LiveRequestQueue",
        "The queue to the model gets a bound, which ADK's has not.",
        set_by=("_queue",),
        ours=("_user", "_sender", "_bounded", "_sender_ended"),
    ),
    Private(
        "google.adk.tools.base_tool",
        "BaseTool._get_declaration",
        "A tool that cannot be declared is found before a swap, not in the middle of it.",
        parameters=(),
    ),
    Private(
        "google.adk.sessions.session",
        "Session._storage_update_marker",
        "A session that something else wrote is read again; by it ADK knows what was read.",
        costs="A conversation that something else writes to as well may lose events.",
    ),
    *(
        Private(
            module,
            "logger",
            "What ADK only logs is shown in the page with a remedy, or hidden if it is expected.",
            costs="What ADK logs there is in the kernel's log, and not in the page.",
        )
        for module in log_filter.MODULES
    ),
)
