"""The plugin for tool calls: their output, their errors, their confirmations and sign-ins."""

from __future__ import annotations

import asyncio
import contextlib
import inspect
import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from google.adk.plugins.base_plugin import BasePlugin
from google.adk.tools.tool_confirmation import ToolConfirmation

from adk_nb.adk import agent_callbacks, sign_in
from adk_nb.adk.retriable import is_retriable
from adk_nb.adk.stoppable import StoppedError, stoppable
from adk_nb.adk.user_errors import contained, describe, original, snapshot
from adk_nb.exceptions import AdkNbError
from adk_nb.live import tool_output
from adk_nb.log.redaction import Redactor
from adk_nb.plain import plain, valid_text

if TYPE_CHECKING:
    from collections.abc import Iterable

    from google.adk.agents.invocation_context import InvocationContext
    from google.adk.auth.auth_tool import AuthConfig
    from google.adk.sessions import Session
    from google.adk.tools.base_tool import BaseTool
    from google.adk.tools.tool_context import ToolContext

    from adk_nb.log.tool_call import ToolCall

logger = logging.getLogger(__name__)

_NOTHING = "It is done; there is no result."
"""What a model is told instead of an empty result: some would call again and again."""


@dataclass(slots=True)
class _Outcome:
    """What came of a call, for a connection that does not know of it.

    Attributes:
        tool: The tool.
        args: What it was called with.
        result: What the model was told; None while it runs.
    """

    tool: BaseTool
    args: dict[str, Any]
    result: dict[str, Any] | None = None


_REFUSED = "The user did not sign in."
_GATHER_S = 0.05
"""How long printed text is gathered before it is shown (s)."""


class CallOwner(Protocol):
    """Gets the reports of the plugin."""

    def tool_printed(self, call_id: str, text: str, images: list[str]) -> None:
        """A call printed and displayed something."""

    def tool_asks(self, call_id: str, hint: str, sign_in: str | None = None) -> None:
        """A call waits for the user's confirmation.

        Args:
            call_id: The call's id.
            hint: What the user is asked.
            sign_in: The address to sign in at, empty where a key is wanted; None if neither is.
        """

    def tool_answered(self, call_id: str, approved: bool | None) -> None:
        """The user has answered; None if the question was withdrawn."""

    def tool_called_within(
        self, author: str, call_id: str, name: str, args: dict[str, Any]
    ) -> object:
        """A call begins within a tool that is an agent; ADK has no event for it."""

    def tool_returned(self, call_id: str, name: str, result: Any, error: str | None) -> object:
        """Such a call has ended."""

    def tool_deferred(self, call_id: str) -> None:
        """A long-running tool has begun; its result comes later."""


class ToolCalls(BasePlugin):
    """The plugin of every run: called before and after each tool call.

    If a tool raises, the model gets the error as its result; ADK would end the live run. A tool
    that needs a confirmation waits for the user here; ADK's live flow would refuse it.

    Attributes:
        raised: The errors of tools that raised, by the call's id, until they are read.
        outputs: What the calls printed, by the call's id, until it is read.
        times: When the tools of calls ran (s on the monotonic clock), until it is read.
        streaming: The ids of calls of streaming tools, which have more than one result.
        empty: What the calls returned that the model is told is nothing, by the call's id.
        session: The run's own object of ADK's session; None before the first run.
    """

    def __init__(self, owner: CallOwner, redact: Redactor | None = None) -> None:
        super().__init__(name="adk_nb_tool_calls")
        self._owner = owner
        self._redact = redact if redact is not None else Redactor(())
        # Calls within a tool that is an agent, shown as they asked for a confirmation.
        self._shown: set[str] = set()
        # The confirmations that are waited for, by the call's id.
        self._questions: dict[str, asyncio.Future[ToolConfirmation]] = {}
        # Those of them that want a sign-in.
        self._sign_ins: set[str] = set()
        # What the model is told of what a tool raises; empty tells it the error.
        self.failed = ""
        self.raised: dict[str, str] = {}
        self.outputs: dict[str, tool_output.Output] = {}
        self.times: dict[str, tuple[float, float]] = {}
        self.streaming: set[str] = set()
        self.empty: dict[str, tuple[Any]] = {}
        # The calls of the open turn, by their id.
        self._outcomes: dict[str, _Outcome] = {}
        # Whether the open turn was told to a new connection, which may call once more.
        self._continued = False
        self.session: Session | None = None
        # The tasks of the calls that run, by the call's id, oldest first.
        self._tasks: dict[str, asyncio.Task[Any]] = {}

    def began(self, call_id: str, task: asyncio.Task[Any]) -> None:
        """Takes the task in which a call runs."""
        self._tasks[call_id] = task

        def ended(_task: asyncio.Task[Any]) -> None:
            if self._tasks.get(call_id) is task:
                del self._tasks[call_id]

        task.add_done_callback(ended)

    def stop(self, call_id: str) -> None:
        """Stops a call; the model is told that the user did.

        Raises:
            AdkNbError: No such call runs.
        """
        task = self._tasks.get(call_id)
        if task is None:
            raise AdkNbError(
                f"The tool call {call_id!r} does not run.",
                remedy="See live.tools_df() for the calls that were made.",
                code="no_call",
            )
        task.cancel()

    @property
    def asking(self) -> list[str]:
        """The ids of the calls that wait for a confirmation, oldest first."""
        return list(self._questions)

    def answer(self, call_id: str | None, *, approved: bool, payload: Any = None) -> None:
        """Answers a question, by default the oldest.

        Raises:
            AdkNbError: No call waits, or not this one; or it is a sign-in without its answer.
        """
        asked = call_id or next(iter(self._questions), "")
        waiting = self._questions.get(asked)
        if waiting is None or waiting.done():
            raise AdkNbError(
                "No tool call waits for a confirmation." if call_id is None
                else f"The tool call {call_id!r} waits for no confirmation.",
                remedy="See live.questions for those that do.",
                code="no_question",
            )  # fmt: skip
        if approved and asked in self._sign_ins and not (isinstance(payload, str) and payload):
            raise AdkNbError(
                "A sign-in needs its answer as a text.",
                remedy="confirm(payload=...) takes the address that you were sent to, the code, "
                "or the key; confirm(False) refuses.",
                code="bad_option",
            )
        waiting.set_result(ToolConfirmation(confirmed=approved, payload=payload))

    def outcomes(self, calls: Iterable[ToolCall]) -> list[tuple[str, dict[str, Any], Any]]:
        """Returns the name, the arguments and the outcome of calls, as they really were."""
        known = [(call, self._outcomes.get(call.id)) for call in calls]
        return [
            (call.name, one.args, one.result) if one is not None
            else (call.name, call.args or {}, call.error if call.result is None else call.result)
            for call, one in known
        ]  # fmt: skip

    def continued(self) -> None:
        """The open turn goes on on another connection, whose model may repeat its calls."""
        self._continued = True

    def must_not_run_again(self, calls: Iterable[ToolCall]) -> bool:
        """Returns whether asking again is ruled out, as it might repeat one of these calls."""
        known = [self._outcomes.get(call.id) for call in calls]
        return any(one is None or not is_retriable(one.tool) for one in known)

    def forget(self, call_ids: Iterable[str]) -> None:
        """Forgets the calls of a turn that is over."""
        self._continued = False
        for call_id in call_ids:
            self._outcomes.pop(call_id, None)

    def _already(self, call_id: str, tool: BaseTool, args: dict[str, Any]) -> dict[str, Any] | None:
        """Returns the outcome of the same call before, if a new connection's model repeats it."""
        if not self._continued or is_retriable(tool):
            return None
        same = (
            one.result
            for other, one in self._outcomes.items()
            if other != call_id and one.tool.name == tool.name and one.args == args
        )
        return next((result for result in same if result is not None), None)

    def run_over(self) -> None:
        """Forgets what belongs to the run that has ended."""
        self.session = None
        for call_id in self.streaming:
            self.outputs.pop(call_id, None)
        self.streaming.clear()

    async def before_run_callback(self, *, invocation_context: InvocationContext) -> None:
        """Keeps the run's own object of ADK's session."""
        if invocation_context.live_request_queue is not None:
            self.session = invocation_context.session

    async def before_tool_callback(
        self, *, tool: BaseTool, tool_args: dict[str, Any], tool_context: ToolContext
    ) -> dict[str, Any] | None:
        """Gathers what the call prints, and asks the user if the tool needs a confirmation."""
        call_id = tool_context.function_call_id or ""
        if not _within(tool_context):
            already = self._already(call_id, tool, tool_args)
            if already is not None:
                return already
            self._outcomes[call_id] = _Outcome(tool, plain(tool_args))
            self.outputs[call_id] = gathered = tool_output.Output(
                self._gather(call_id), echoes=bool(self.failed)
            )
            tool_output.redirect(gathered)
        if inspect.isasyncgenfunction(getattr(tool, "func", None)):
            self.streaming.add(call_id)
        try:
            asks = await contained(tool.check_require_confirmation(tool_args, tool_context))
        except Exception as error:
            return self._failed(tool, tool_context, error)
        if asks:
            if _within(tool_context):
                author = tool_context.agent_name
                self._owner.tool_called_within(author, call_id, tool.name, tool_args)
                self._shown.add(call_id)
            tool_context.tool_confirmation = await self._ask(call_id, "")
        return None

    async def after_tool_callback(
        self,
        *,
        tool: BaseTool,
        tool_args: dict[str, Any],
        tool_context: ToolContext,
        result: dict[str, Any],
    ) -> dict[str, Any] | None:
        """Runs a tool again that requested a confirmation, once the user has answered."""
        told = await self._after_tool(tool, tool_args, tool_context, result)
        call_id = tool_context.function_call_id or ""
        final = result if told is None else told
        empty = not tool.is_long_running and self._is_empty(call_id, final)
        if told is not None or empty:  # ADK will not ask the agent about what is changed here.
            changed = await agent_callbacks.after_tool(tool, tool_args, tool_context, final)
            if changed is not None:
                told = final = changed
                empty = not tool.is_long_running and self._is_empty(call_id, final)
        if empty:
            self.empty[call_id] = (_inner(final),)
            told = final = {"status": _NOTHING}
        if call_id in self._outcomes:
            self._outcomes[call_id].result = snapshot(final)
        return told

    def _is_empty(self, call_id: str, result: Any) -> bool:
        """Returns whether a call returned nothing."""
        return _inner(result) in (None, "", [], {}) and call_id not in self.streaming

    async def _after_tool(
        self,
        tool: BaseTool,
        tool_args: dict[str, Any],
        tool_context: ToolContext,
        result: dict[str, Any],
    ) -> dict[str, Any] | None:
        call_id = tool_context.function_call_id or ""
        if call_id in self._shown:
            self._shown.discard(call_id)
            self._owner.tool_returned(call_id, tool.name, result, None)
        wanted = tool_context.actions.requested_auth_configs.pop(call_id, None)
        if wanted is not None:
            told = await self._sign_in(tool, tool_args, tool_context, wanted)
            if call_id in self._shown:
                self._shown.discard(call_id)
                self._owner.tool_returned(call_id, tool.name, told, None)
            return told
        asked = tool_context.actions.requested_tool_confirmations.pop(call_id, None)
        if asked is None:
            if tool.is_long_running and not result:
                self._owner.tool_deferred(call_id)
            return _plain(result)
        tool_context.tool_confirmation = await self._ask(call_id, asked.hint, asked.payload)
        tool_context.actions.skip_summarization = None
        return await self._run_again(tool, tool_args, tool_context)

    async def _sign_in(
        self,
        tool: BaseTool,
        tool_args: dict[str, Any],
        tool_context: ToolContext,
        wanted: AuthConfig,
    ) -> dict[str, Any]:
        """Asks the user to sign in, and runs the tool again with what they answer."""
        call_id = tool_context.function_call_id or ""
        hint, link = sign_in.hint_of(wanted), sign_in.link_of(wanted)
        if _within(tool_context):
            self._owner.tool_called_within(tool_context.agent_name, call_id, tool.name, tool_args)
            self._shown.add(call_id)
        self._sign_ins.add(call_id)
        try:
            answer = await self._ask(call_id, hint, sign_in=link)
        finally:
            self._sign_ins.discard(call_id)
        if not answer.confirmed:
            return {"error": _REFUSED}
        key, value = sign_in.answered(wanted, str(answer.payload))
        tool_context.state[key] = value
        result = await self._run_again(tool, tool_args, tool_context)
        # A tool that asks each time would be asked for ever.
        if tool_context.actions.requested_auth_configs.pop(call_id, None) is not None:
            return {"error": "The sign-in was not accepted."}
        return result

    async def _run_again(
        self, tool: BaseTool, tool_args: dict[str, Any], tool_context: ToolContext
    ) -> dict[str, Any]:
        running = contained(tool.run_async(args=tool_args, tool_context=tool_context))
        try:
            again = await stoppable(running, tool_context.function_call_id or "")
        except Exception as error:
            return self._failed(tool, tool_context, error)
        told = snapshot(again)
        return told if isinstance(told, dict) else {"result": told}

    async def on_tool_error_callback(
        self,
        *,
        tool: BaseTool,
        tool_args: dict[str, Any],
        tool_context: ToolContext,
        error: BaseException,
    ) -> dict[str, Any] | None:
        """Returns the agent's answer in the tool's place, or the error, which is kept by its id."""
        if isinstance(error, asyncio.CancelledError):
            return None
        try:
            answer = await agent_callbacks.of_tool_error(tool, tool_args, tool_context, error)
        except Exception as raised:
            error, answer = raised, None
        return self._failed(tool, tool_context, error) if answer is None else answer

    def _failed(
        self, tool: BaseTool, tool_context: ToolContext, error: BaseException
    ) -> dict[str, Any]:
        stopped = isinstance(error, StoppedError)
        text = str(error) if stopped else valid_text(describe(error))
        name = self._redact(tool.name)
        if not stopped:
            logger.warning("The tool %s failed: %s", name, self._redact.traceback(original(error)))
        told = {"error": text if stopped else self.failed or text}
        call_id = tool_context.function_call_id or ""
        if not _within(tool_context):
            self.raised[call_id] = text
            if call_id in self._outcomes:
                self._outcomes[call_id].result = told
        return told

    async def _ask(
        self, call_id: str, hint: str, payload: Any = None, *, sign_in: str | None = None
    ) -> ToolConfirmation:
        waiting: asyncio.Future[ToolConfirmation] = asyncio.Future()
        self._questions[call_id] = waiting
        self._owner.tool_asks(call_id, hint, sign_in)
        approved: bool | None = None
        try:
            answer = await waiting
            approved = answer.confirmed
        finally:
            del self._questions[call_id]
            self._owner.tool_answered(call_id, approved)
        if answer.payload is None:
            answer.payload = payload
        return answer

    def _gather(self, call_id: str) -> Any:
        loop = asyncio.get_running_loop()

        def passed_on() -> None:
            gathered = self.outputs.get(call_id)
            if gathered is not None:
                self._owner.tool_printed(call_id, *gathered.take())

        def told() -> None:
            with contextlib.suppress(RuntimeError):  # The loop may have ended before the tool.
                loop.call_soon_threadsafe(loop.call_later, _GATHER_S, passed_on)

        return told


def _within(tool_context: ToolContext) -> bool:
    """Returns whether the call is made within a tool that is an agent."""
    return tool_context.get_invocation_context().live_request_queue is None


def _inner(result: Any) -> Any:
    """Returns what a tool returned that ADK has wrapped, or the result itself."""
    wrapped = isinstance(result, dict) and result.keys() == {"result"}
    return result["result"] if wrapped else result


def _plain(result: Any) -> dict[str, Any] | None:
    """Returns a plain form of a result that has none; None if it is plain already.

    Models take nothing but JSON, and keys that are not strings would end ADK's live run.
    """
    told = snapshot(result)
    if told == result:
        return None
    return told if isinstance(told, dict) else {"result": told}
