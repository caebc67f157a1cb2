"""`%load_ext adk_nb`: the magics `%adk_talk` and `%%adk_say`, and `asyncio.run()` in cells.

`docs/asyncio.md` says what is changed for `asyncio.run()`, and why.
"""

# IPython's own functions and decorators are untyped.
# mypy: allow-untyped-calls, allow-untyped-decorators

from __future__ import annotations

import asyncio
import keyword
import warnings
from typing import TYPE_CHECKING, Any

import nest_asyncio2
from IPython.core.async_helpers import get_asyncio_loop
from IPython.core.error import UsageError
from IPython.core.magic import Magics, cell_magic, line_magic, magics_class, no_var_expand
from IPython.core.magic_arguments import argument, magic_arguments, parse_argstring

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from IPython.core.interactiveshell import InteractiveShell

    from adk_nb.conversation import Conversation
    from adk_nb.log.turn import Turn
    from adk_nb.widget import LiveWidget

DEFAULT_NAME = "live"
"""The variable that `%adk_talk` binds, and where `%%adk_say` looks first."""


def load(shell: InteractiveShell) -> None:
    """Registers the magics, and lets the cells of a kernel call `asyncio.run()`."""
    shell.register_magics(AdkMagics)
    if getattr(shell, "kernel", None) is not None or get_asyncio_loop().is_running():
        # In a terminal no loop runs during a cell, so asyncio.run() works already.
        _nest(get_asyncio_loop())


def unload(shell: InteractiveShell) -> None:
    """Removes the magics."""
    manager = shell.magics_manager
    manager.magics["line"].pop("adk_talk", None)
    manager.magics["cell"].pop("adk_say", None)
    manager.registry.pop(AdkMagics.__name__, None)


@magics_class
class AdkMagics(Magics):
    """The magics of `%load_ext adk_nb`."""

    _newest: LiveWidget | None = None

    @no_var_expand
    @magic_arguments()
    @argument("-n", "--name", default=DEFAULT_NAME, help="the variable to bind the widget to")
    @argument("agent", nargs="+", help="the agent: a variable, or an expression")
    @line_magic
    def adk_talk(self, line: str) -> LiveWidget:
        """Shows a widget to speak to an agent.

        `%adk_talk agent` is `live = adk_nb.talk(agent); live`.
        """
        args = parse_argstring(self.adk_talk, line)
        if not args.name.isidentifier() or keyword.iskeyword(args.name):
            raise UsageError(f"{args.name!r} cannot be a variable. Give -n another name.")
        agent = self._agent(" ".join(args.agent))
        from adk_nb.widget import talk

        widget = talk(agent)
        AdkMagics._newest = widget
        self._shell.push({args.name: widget})
        return widget

    @magic_arguments()
    @argument("-t", "--timeout", type=float, default=60, help="how long to wait (s)")
    @argument("name", nargs="?", help="the widget or session; by default the newest open one")
    @cell_magic
    def adk_say(self, line: str, cell: str) -> Turn:
        """Types the cell's text to an agent as one turn, and waits for the answer.

        The text is sent as it is: `{name}` and `$name` are not replaced. The result is the turn.
        Without a name it goes to `live`; if that is closed or not a conversation, to the widget
        that `%adk_talk` made last.
        """
        args = parse_argstring(self.adk_say, line)
        text = cell.strip()
        if not text:
            raise UsageError("There is nothing to say. Write it below the line with %%adk_say.")
        conversation = self._named(args.name) if args.name else self._open()
        if conversation.session.status == "closed":
            raise UsageError("The conversation is closed. Run %adk_talk agent again.")
        return conversation.say(text, args.timeout)

    @property
    def _shell(self) -> InteractiveShell:
        assert self.shell is not None
        return self.shell

    def _agent(self, expression: str) -> Any:
        from google.adk.agents import BaseAgent

        try:
            agent = self._shell.ev(expression)
        except NameError as error:
            raise UsageError(f"{error}. Run the cell that defines it first.") from error
        if not isinstance(agent, BaseAgent):
            raise UsageError(
                f"{expression} is a {type(agent).__name__}, not an agent. "
                "Give an ADK agent, such as Agent(name=..., model=...)."
            )
        return agent

    def _named(self, name: str) -> Conversation:
        from adk_nb.conversation import Conversation

        found = self._shell.user_ns.get(name)
        if found is None:
            raise UsageError(f"There is no {name}. Run %adk_talk agent -n {name} first.")
        if not isinstance(found, Conversation):
            raise UsageError(
                f"{name} is a {type(found).__name__}, not a conversation. "
                "Name what %adk_talk or adk_nb.talk made."
            )
        return found

    def _open(self) -> Conversation:
        """Returns the conversation to use if none is named."""
        from adk_nb.conversation import Conversation

        candidates = [self._shell.user_ns.get(DEFAULT_NAME), AdkMagics._newest]
        found = [each for each in candidates if isinstance(each, Conversation)]
        if not found:
            raise UsageError("There is no conversation yet. Run %adk_talk agent first.")
        return next((each for each in found if each.session.status != "closed"), found[0])


# --- asyncio.run() in cells ---


def _nest(loop: asyncio.AbstractEventLoop) -> None:
    """Lets cells that run on this loop call `asyncio.run()`. Idempotent."""
    if not isinstance(loop, asyncio.BaseEventLoop):
        # First: nest_asyncio2.apply() changes asyncio before it refuses such a loop.
        warnings.warn(
            f"asyncio.run() will not work in cells: nest-asyncio2 cannot patch {type(loop)}. "
            "Write `await main()` instead.",
            stacklevel=2,
        )
        return
    mark = "_nest_patched"
    for patched in (asyncio, *type(loop).__mro__):
        if mark in vars(patched) and "_nest_asyncio2" not in vars(patched):
            # nest-asyncio was loaded first. With it, waiting cells of "Run All" would be lost.
            delattr(patched, mark)
    nest_asyncio2.apply(loop)
    if asyncio.run.__module__ != __name__:
        _keep_run_elsewhere(type(loop))


def _keep_run_elsewhere(cls: type) -> None:
    """Restores Python's own `asyncio.run()` in threads, where ADK's tools use it.

    nest-asyncio2's version does not cancel the tasks of a thread's loop.
    """
    nested = asyncio.run

    def run(main: Coroutine[Any, Any, Any], *, debug: bool | None = None, **options: Any) -> Any:
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            loop = None
        if type(loop) is cls:  # The loop exists already, so loop_factory is ignored.
            return nested(main, debug=bool(debug))
        return asyncio.runners.run(main, debug=debug, **options)

    asyncio.run = run
