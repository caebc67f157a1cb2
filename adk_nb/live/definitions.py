"""What an agent was made of, and what the notebook's names hold of it now.

An agent holds the function that a name stood for when it was made; when the function's cell is run
again, the name holds another one. `Definitions.renewed` finds these and makes a copy of the agent
with them. Cells that were run again unchanged make no difference: see `adk_nb.sameness`.
"""

from __future__ import annotations

import types
import weakref
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

from google.adk.agents import BaseAgent
from google.adk.tools.agent_tool import AgentTool
from google.adk.tools.base_tool import BaseTool
from google.adk.tools.base_toolset import BaseToolset
from google.adk.tools.function_tool import FunctionTool

from adk_nb.adk.agents import family, model_name, tool_name
from adk_nb.adk.rebuilt_tools import CONFIRMS, with_agent, with_fields, with_function
from adk_nb.live.places import GONE, Names, Place, items
from adk_nb.sameness import declares, same as alike

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

_sources: weakref.WeakKeyDictionary[types.FunctionType, types.FunctionType]
_sources = weakref.WeakKeyDictionary()
"""What functions were copied of, by the copies."""
_FIELDS = (
    "tools", "instruction", "global_instruction", "static_instruction", "description",
    "generate_content_config", "output_key", "include_contents", "disallow_transfer_to_parent",
    "disallow_transfer_to_peers", "before_agent_callback", "after_agent_callback",
    "before_model_callback", "after_model_callback", "on_model_error_callback",
    "before_tool_callback", "after_tool_callback", "on_tool_error_callback",
)  # fmt: skip
"""What of an agent is compared; of its model only the name is, as models change while they run."""


@dataclass(frozen=True, slots=True)
class _Known:
    """An object that an agent holds.

    Attributes:
        thing: The object; kept here, its id is not given to another one.
        places: Where it was found.
        declared: What a model was told of it, if it is a function; autoreload changes functions.
    """

    thing: Any
    places: tuple[Place, ...]
    declared: tuple[Any, ...] | None = None


@dataclass(frozen=True, slots=True)
class _KnownAgent:
    """An agent that a name of the notebook held, and what it was made of then."""

    agent: BaseAgent
    place: Place | None
    fields: dict[str, Any]
    model: tuple[type, str]
    below: dict[str, _KnownAgent]


@dataclass(slots=True)
class Renewed:
    """What was redefined.

    Attributes:
        agent: The agent with all that is new; the same object if nothing is.
        names: The names that were redefined, as the notebook has them.
        key: Tells two comparisons apart that found the same names holding other objects.
    """

    agent: BaseAgent
    names: list[str] = field(default_factory=list)
    key: tuple[Any, ...] = ()


class Definitions:
    """What one session's agent was made of.

    Args:
        notebook: Returns the notebook's names and what they hold.
    """

    _all: ClassVar[weakref.WeakSet[Definitions]] = weakref.WeakSet()

    def __init__(self, notebook: Callable[[], Mapping[str, Any]]) -> None:
        self._notebook = notebook
        self._known: dict[int, _Known] = {}
        # By the name that ADK knows an agent by.
        self._agents: dict[str, _KnownAgent] = {}
        self._all.add(self)

    def learn(self, agent: BaseAgent, *, anew: bool = False) -> None:
        """Remembers where an agent, and what it holds, is found now.

        Args:
            agent: The agent.
            anew: Whether the user has just given this agent: then what was known of others, and of
                its own tools, is forgotten.
        """
        if anew:
            self._agents.clear()
            self._known.clear()
        names = Names(self._notebook())
        for one in _whole(agent):
            places = names.of(one)
            if places:
                self._agents[one.name] = _known_agent(one, places[0])
            for thing in _held(one):
                self._learn(thing, names)

    def forget(self, tools: Iterable[Any]) -> None:
        """Forgets where tools were found: the user has just given them."""
        for tool in tools:
            self._known.pop(id(tool), None)

    def _learn(self, thing: Any, names: Names) -> None:
        if id(thing) in self._known:
            return
        places = names.of(thing)
        if places:
            declared = declares(thing) if isinstance(thing, types.FunctionType) else None
            self._known[id(thing)] = _Known(thing, tuple(places), declared)

    def renewed(self, agent: BaseAgent) -> Renewed:
        """Compares an agent with what the names hold now."""
        comparison = _Comparison(self._known, self._agents, self._taken, self._notebook())
        new = comparison.agent(agent)
        return Renewed(new, list(comparison.found), tuple(comparison.found.items()))

    def adopt(self, agent: BaseAgent) -> None:
        """Remembers that an agent which `renewed` has made is the current one."""
        for known in list(self._agents.values()):
            now = known.place.now() if known.place is not None else GONE
            if isinstance(now, BaseAgent) and now.name == known.agent.name:
                self.learn(now)
        names = Names(self._notebook())
        for thing in [one for whole in _whole(agent) for one in _held(whole)]:
            if isinstance(thing, types.FunctionType):  # What it declares may be new.
                self._known.pop(id(thing), None)
                places = names.of(_sources.get(thing, thing))
                self._known[id(thing)] = _Known(thing, tuple(places), declares(thing))
        self.learn(agent)

    def close(self) -> None:
        """Forgets everything."""
        self._all.discard(self)
        self._known.clear()
        self._agents.clear()

    def holds(self, agent: BaseAgent) -> bool:
        """Returns whether the session was given this agent."""
        return any(known.agent is agent for known in list(self._agents.values()))

    def _taken(self, agent: BaseAgent) -> bool:
        """Returns whether another session was given this agent."""
        return any(other.holds(agent) for other in list(self._all) if other is not self)


def _whole(agent: BaseAgent) -> Iterator[BaseAgent]:
    """Yields an agent, those below it, and those that its tools ask."""
    for one in family(agent):
        yield one
        for tool in getattr(one, "tools", ()):
            if isinstance(tool, AgentTool):
                yield from _whole(tool.agent)


def _held(agent: BaseAgent) -> Iterator[Any]:
    """Yields what an agent holds, and the functions of its tools."""
    for name in _FIELDS:
        value = getattr(agent, name, None)
        for one in value if isinstance(value, list) else [value]:
            yield one
            if isinstance(one, FunctionTool):
                yield one.func


def _known_agent(agent: BaseAgent, place: Place | None) -> _KnownAgent:
    values = {name: getattr(agent, name, None) for name in _FIELDS}
    return _KnownAgent(
        agent,
        place,
        {name: value[:] if isinstance(value, list) else value for name, value in values.items()},
        (type(getattr(agent, "model", None)), model_name(agent)),
        {one.name: _known_agent(one, None) for one in agent.sub_agents},
    )


class _Comparison:
    """One comparison of an agent with what the names hold now.

    Attributes:
        found: The ids of what has taken the place of something, by the names that hold it.
    """

    def __init__(
        self,
        known: dict[int, _Known],
        agents: dict[str, _KnownAgent],
        taken: Callable[[BaseAgent], bool],
        notebook: Mapping[str, Any],
    ) -> None:
        self._known = known
        self._agents = agents
        self._taken = taken
        self._notebook = notebook
        self.found: dict[str, int] = {}

    def agent(
        self, agent: BaseAgent, known: _KnownAgent | None = None, now: BaseAgent | None = None
    ) -> BaseAgent:
        """Returns an agent with all that is new in it, or the agent itself.

        Args:
            agent: An agent that is in use.
            known: What the agent above it was made with in its place.
            now: What the new one of that has in its place.
        """
        named = self._agents.get(agent.name)
        if named is not None:
            known, now = named, self._newer_agent(named)
        if known is None or now is None:
            known = now = None
        fields: dict[str, Any] = {}
        for name in _FIELDS:
            held = getattr(agent, name, None)
            newer = self._field(name, held, known, now)
            if newer is not held:
                fields[name] = newer
        if known is not None and now is not None:
            model = getattr(now, "model", None)
            if known.model != (type(model), model_name(now)):
                fields["model"] = model
                self._find(known, now)
        below = self._below(agent, known, now)
        if not fields and below is None:
            return agent
        return with_fields(agent, fields, below)

    def _field(self, name: str, held: Any, known: _KnownAgent | None, now: BaseAgent | None) -> Any:
        newer = self.thing(held)
        if known is None or now is None:
            return newer
        wanted = getattr(now, name, None)
        before = known.fields[name]
        if _same(before, wanted) or _same(self._silently(before), wanted):
            return newer
        self._find(known, now)
        return wanted

    def _silently(self, held: Any) -> Any:
        """Does what `thing` does for what the agent in use may not hold."""
        found, self.found = self.found, {}
        try:
            return self.thing(held)
        finally:
            self.found = found

    def _below(
        self, agent: BaseAgent, known: _KnownAgent | None, now: BaseAgent | None
    ) -> list[BaseAgent] | None:
        """Returns the agents below one if any of them is new, else None."""
        if known is not None and now is not None:
            later = {one.name: one for one in now.sub_agents}
            if list(known.below) != list(later):
                self._find(known, now)
                return now.sub_agents
        else:
            later = {}
        found = [
            self.agent(one, known and known.below.get(one.name), later.get(one.name))
            for one in agent.sub_agents
        ]
        return None if all(map(_is, found, agent.sub_agents)) else found

    def _find(self, known: _KnownAgent, now: BaseAgent) -> None:
        self.found[known.place.label if known.place is not None else now.name] = id(now)

    def _newer_agent(self, known: _KnownAgent) -> BaseAgent | None:
        now = known.place.now() if known.place is not None else GONE
        if not isinstance(now, BaseAgent) or now.name != known.agent.name:
            return None
        # Two conversations with two versions are compared, rather than behind.
        return None if now is not known.agent and self._taken(now) else now

    def thing(self, held: Any) -> Any:
        """Returns what has taken the place of something that an agent holds, or that itself."""
        if isinstance(held, list):
            newer = [self.thing(one) for one in held]
            return held if all(map(_is, newer, held)) else newer
        known = self._known.get(id(held))
        if known is not None and (newer := self._newer(known)) is not held:
            return newer
        if isinstance(held, FunctionTool) and self.thing(held.func) is not held.func:
            return with_function(held, self.thing(held.func))
        if isinstance(held, AgentTool) and self.agent(held.agent) is not held.agent:
            return with_agent(held, self.agent(held.agent))
        return held

    def _newer(self, known: _Known) -> Any:
        thing = known.thing
        is_function = isinstance(thing, types.FunctionType)
        places = [(place, place.now()) for place in known.places]
        if not is_function and any(now is thing for _, now in places):
            return thing
        for place, now in places:
            if now is thing and known.declared in (None, declares(thing)):
                continue
            if now is thing or (self._replaces(thing, now, place) and not _same(thing, now)):
                self.found[place.label] = id(now)
                of_module = isinstance(now, types.FunctionType) and now.__module__ != "__main__"
                return _copied(now) if of_module else now
        return thing

    def _replaces(self, thing: Any, now: Any, place: Place) -> bool:
        if isinstance(thing, str):
            return isinstance(now, str) and not self._instructs_another(now)
        if isinstance(now, type | BaseAgent):
            return False
        if not (callable(now) or isinstance(now, BaseTool | BaseToolset)):
            return False
        own = isinstance(thing, types.FunctionType) and place.name == thing.__name__
        return own or tool_name(now) == tool_name(thing)

    def _instructs_another(self, text: str) -> bool:
        """Returns whether a text is that of an agent which this conversation is not with."""
        return any(
            isinstance(value, BaseAgent)
            and value.name not in self._agents
            and getattr(value, "instruction", None) is text
            for _, value in items(self._notebook)
        )


def _same(one: Any, other: Any) -> bool:
    """Returns whether two objects do the same, as far as can be told."""
    return alike(one, other, also=CONFIRMS)


def _is(one: object, other: object) -> bool:
    return one is other


def _copied(function: types.FunctionType) -> types.FunctionType:
    """Returns a copy of a function; ADK keeps what it declared of one that autoreload changes."""
    made = types.FunctionType(
        function.__code__,
        function.__globals__,
        function.__name__,
        function.__defaults__,
        function.__closure__,
    )
    made.__kwdefaults__ = function.__kwdefaults__
    made.__doc__, made.__module__ = function.__doc__, function.__module__
    made.__qualname__ = function.__qualname__
    made.__annotations__ = dict(function.__annotations__)
    made.__dict__.update(vars(function))
    _sources[made] = function
    return made
