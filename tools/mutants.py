"""Measures how strong the tests are: changes the code a little, and sees whether a test fails.

    python tools/mutants.py                                 # a sample of Python and JavaScript
    python tools/mutants.py adk_nb/static/link --sample 0   # every mutant of one folder

A mutant meets the test file that mirrors its module (`static/link/wire.js`:
`tests/js/link/wire.test.js`; `wire/protocol.py`: `tests/wire/test_protocol.py`), and what `MORE`
names beside it. A module without any is named and left out. The same seed gives the same sample.
The tests run in copies: nothing is changed here. Slow: some seconds a mutant.
"""

from __future__ import annotations

import argparse
import concurrent.futures
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import tree_sitter_javascript
import tree_sitter_python
from tree_sitter import Language, Node, Parser

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

ROOT = Path(__file__).parents[1]
STATIC = Path("adk_nb/static")
PARSERS = {
    ".js": Parser(Language(tree_sitter_javascript.language())),
    ".py": Parser(Language(tree_sitter_python.language())),
}

MORE = {
    "adk_nb/cell_requests.py": ("tests/live/test_after_turn.py", "tests/live/test_tool_calls.py"),
    **dict.fromkeys(
        [
            f"adk_nb/data/{name}.py"
            for name in (
                *("columns", "event_columns", "tool_columns", "transcript_columns"),
                "turn_columns",
            )
        ],
        ("tests/data/test_tables.py",),
    ),
    "adk_nb/log/log_row.py": ("tests/log/test_event_log.py",),
    "adk_nb/log/open_texts.py": ("tests/log/test_event_log.py",),
    "adk_nb/log/turn.py": tuple(
        f"tests/log/test_{name}_fold.py" for name in ("turn", "words", "call", "sound")
    ),
    "adk_nb/log/turn_fold.py": tuple(
        f"tests/log/test_{name}_fold.py" for name in ("words", "call", "sound")
    ),
    **dict.fromkeys(
        [f"adk_nb/log/{name}_fold.py" for name in ("words", "call", "sound")],
        ("tests/log/test_turn_fold.py",),
    ),
    **dict.fromkeys(
        [f"adk_nb/local/{name}.py" for name in ("arguments", "matching", "phrases", "quantities")],
        tuple(
            f"tests/local/test_{name}.py"
            for name in ("arguments", "router", "tool_sets", "everyday", "statements")
        ),
    ),
    "adk_nb/live/answer_sound.py": ("tests/live/test_event_reader.py",),
    "adk_nb/live/coordinator.py": ("tests/live/test_exchange.py",),
    **dict.fromkeys(
        [f"adk_nb/live/{name}.py" for name in ("interruptions", "realtime_input", "text_input")],
        ("tests/live/test_coordinator.py",),
    ),
    "adk_nb/live/retries.py": ("tests/live/test_model_connection.py",),
    "adk_nb/live/histories.py": (
        "tests/live/test_forks.py",
        "tests/live/test_history_events.py",
        "tests/live/test_session_services.py",
    ),
    "adk_nb/live/history_events.py": ("tests/live/test_forks.py",),
    "adk_nb/live/session_services.py": ("tests/live/test_histories.py",),
    "adk_nb/live/swaps.py": ("tests/live/test_swap_rules.py",),
    "adk_nb/live/tool_calls.py": ("tests/live/test_call_plugin.py",),
    **dict.fromkeys(
        [
            f"adk_nb/live/{name}.py"
            for name in ("folded_turns", "transcripts", "turn_builder", "turn_calls")
        ],
        ("tests/live/test_turn_rows.py",),
    ),
    "adk_nb/live/turn_messages.py": tuple(
        f"tests/live/test_{name}.py" for name in ("turn_rows", "transcripts", "turn_calls")
    ),
    **dict.fromkeys(
        [
            f"adk_nb/live/{name}.py"
            for name in (
                *("turn_state", "turn_machine", "utterances", "bookings", "call_lifecycle"),
                *("open_turns", "told_results", "ongoing_answer"),
            )
        ],
        ("tests/live/test_turn_machine.py", "tests/live/test_turns.py"),
    ),
    **dict.fromkeys(
        [f"adk_nb/providers/error_{name}.py" for name in ("codes", "origins", "words")],
        ("tests/providers/test_explain.py",),
    ),
    "adk_nb/serve/agents.py": ("tests/serve/test_served_agents.py",),
    "adk_nb/static/sound/player.js": ("tests/js/sound/cushion.test.js",),
    "adk_nb/wire/bridge_messages.py": ("tests/wire/test_protocol.py",),
    "adk_nb/wire/heard.py": ("tests/wire/test_heard_messages.py",),
    "adk_nb/wire/page_messages.py": ("tests/wire/test_protocol.py",),
}
"""Tests of modules that are not, or not all, in the file that mirrors them."""

_PATIENCE_S = 20.0
"""How much longer than usual a test file may take before it counts as hanging."""

_PAIRS = (
    "< <=, > >=, == !=, === !==, in not_in, is is_not, + -, * /, && ||, and or, & |, << >>, += -=, "
    "*= /=, ++ --, ||= &&=, true false, True False, break continue, Math.min Math.max, min max"
)
_SWAPS = {"//": "*", "%": "*", "**": "*", "??": "&&", "??=": "=", ">>>": "<<"}
for _pair in _PAIRS.replace("not_in", "not in").replace("is_not", "is not").split(", "):
    _one, _, _other = _pair.partition(" ")
    _SWAPS |= {_one: _other, _other: _one}

_OPERATIONS = {
    *("binary_expression", "augmented_assignment_expression", "update_expression"),
    *("comparison_operator", "boolean_operator", "binary_operator", "augmented_assignment"),
}
_CONDITIONS = {"if_statement", "elif_clause", "while_statement", "ternary_expression"}
_FUNCTIONS = {
    *("function_definition", "function_declaration", "function_expression"),
    *("method_definition", "arrow_function"),
}
# What tells nothing of behaviour: types, imports, how a class is decorated.
_SKIPPED = {
    *("comment", "import_statement", "import_from_statement", "future_import_statement"),
    *("type", "decorator", "template_string", "regex"),
}


@dataclass(frozen=True)
class Mutant:
    """One change: the bytes from `start` to `end` of a file replaced."""

    path: Path
    start: int
    end: int
    line: int
    before: str
    after: str

    def __str__(self) -> str:
        """One line, as an editor would find it."""
        before = " ".join(self.before.split())
        return f"{self.path}:{self.line}: {before[:70]!r} -> {self.after!r}"


def mutants(path: Path) -> list[Mutant]:
    """Returns every mutant of a file, in the order of the file."""
    tree = PARSERS[path.suffix].parse((ROOT / path).read_bytes())
    found = (
        Mutant(path, node.start_byte, node.end_byte, node.start_point[0] + 1, _text(node), after)
        for node, after in _changes(tree.root_node, path.suffix == ".py")
    )
    return list(dict.fromkeys(mutant for mutant in found if mutant.before != mutant.after))


def _text(node: Node) -> str:
    return (node.text or b"").decode()


def _changes(node: Node, python: bool) -> Iterator[tuple[Node, str]]:
    if node.type in _SKIPPED:
        return
    if python and _tells_nothing(node):
        return
    rule = _RULES.get(node.type)
    yield from ((node, after) for after in (rule(node, python) if rule else ()))
    if node.type in _OPERATIONS:
        for child in node.children:
            if not child.is_named and _text(child) in _SWAPS:
                yield child, _SWAPS[_text(child)]
    condition = _condition(node)
    if condition is not None:
        yes, no = ("True", "False") if python else ("(true)", "(false)")
        # A loop that never ends would only hang.
        yield from ((condition, after) for after in (no, yes)[: 1 + ("while" not in node.type)])
    for child in node.children:
        yield from _changes(child, python)


def _tells_nothing(node: Node) -> bool:
    """Whether it is a docstring, or what only types and tools that read the code need."""
    if node.type == "expression_statement":
        first = node.children[0]
        value = first.child_by_field_name("right")
        named = value is not None and _text(first).startswith("__all__")
        alias = value is not None and _text(value).startswith("Literal[")
        return first.type == "string" or named or alias
    overload = node.type == "decorated_definition" and _text(node).startswith("@overload\n")
    return overload or (node.type == "if_statement" and _text(node).startswith("if TYPE_CHECKING"))


def _condition(node: Node) -> Node | None:
    if node.type == "conditional_expression":
        return node.named_children[1]
    return node.child_by_field_name("condition") if node.type in _CONDITIONS else None


def _number(node: Node, _python: bool) -> list[str]:
    text = _text(node)
    # Twice nothing is the same.
    return [f"({text} + 1)" if text in "0123456789" or text == "0.0" else f"({text} * 2)"]


def _string(node: Node, _python: bool) -> list[str]:
    text = _text(node)
    # Words that a user reads have blanks, and are nobody's to test by the letter.
    if " " in text or text[:1] not in "\"'":
        return []
    return ['"mutant"' if len(text) == 2 else '""']


def _swapped(node: Node, _python: bool) -> list[str]:
    text = _text(node)
    word = text.rstrip(";")
    return [_SWAPS[word] + text[len(word) :]] if word in _SWAPS else []


def _negation(node: Node, _python: bool) -> list[str]:
    text = _text(node)
    for sign in ("!", "not "):
        if text.startswith(sign):
            return [f"({text.removeprefix(sign)})"]
    return []


def _statement(node: Node, python: bool) -> list[str]:
    """A statement of a function, left out; without a constant or a field nothing would run."""
    parent = node.parent
    while parent is not None and parent.type not in {*_FUNCTIONS, "class_definition"}:
        parent = parent.parent
    behaves = parent is not None and parent.type in _FUNCTIONS
    first = node.named_children[0]
    local = first.type == "assignment" and first.named_children[0].type == "identifier"
    if not behaves or local or _text(node).startswith("super("):
        return []
    return ["pass" if python else ";"]


def _return(node: Node, python: bool) -> list[str]:
    # A function of Python without a value returns None.
    if not node.named_child_count or _text(node) == "return None":
        return []
    return ["return" if python else "return;"]


_RULES: dict[str, Callable[[Node, bool], list[str]]] = {
    **dict.fromkeys(("number", "integer", "float"), _number),
    **dict.fromkeys(("true", "false", "member_expression", "identifier"), _swapped),
    **dict.fromkeys(("break_statement", "continue_statement"), _swapped),
    **dict.fromkeys(("unary_expression", "not_operator"), _negation),
    "string": _string,
    "expression_statement": _statement,
    "return_statement": _return,
}


def tests_of(path: Path) -> list[Path]:
    """Returns the test files of a module."""
    if path.suffix == ".js":
        mirror = Path("tests/js") / path.relative_to(STATIC).with_suffix(".test.js")
    else:
        mirror = Path("tests") / path.relative_to("adk_nb").with_name(f"test_{path.name}")
    tests = [mirror, *map(Path, MORE.get(path.as_posix(), ()))]
    return [test for test in tests if (ROOT / test).exists()]


def command(tests: list[Path]) -> list[str]:
    """Returns what runs test files."""
    files = list(map(str, tests))
    if tests[0].suffix == ".js":
        return ["node", "--test", "--test-reporter=dot", *files]
    return [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", *files]


class Copy:
    """A copy of the project in which one mutant at a time is tested."""

    def __init__(self, folder: Path) -> None:
        """Copies what the tests need into a folder."""
        self.root = folder
        ignored = shutil.ignore_patterns("node_modules", "__pycache__")
        for name in ("adk_nb", "tests", "docs", "notebooks"):
            shutil.copytree(ROOT / name, folder / name, ignore=ignored)
        for name in ("pyproject.toml", "package.json", "README.md"):
            if (ROOT / name).exists():
                shutil.copy(ROOT / name, folder / name)
        for name in ("node_modules", "tests/js/node_modules"):
            if (ROOT / name).exists():
                (folder / name).symlink_to((ROOT / name).resolve())

    def passes(self, tests: list[Path], timeout: float) -> bool:
        """Runs test files: whether they passed, within so many seconds."""
        process = subprocess.Popen(
            command(tests),
            cwd=self.root,
            env=os.environ | {"PYTHONPATH": str(self.root), "PYTHONDONTWRITEBYTECODE": "1"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,  # so that what it started ends with it
        )
        try:
            return process.wait(timeout) == 0
        except subprocess.TimeoutExpired:
            return False
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()

    def survives(self, mutant: Mutant, tests: list[Path], timeout: float) -> bool:
        """Whether the tests pass with the mutant in place."""
        file = self.root / mutant.path
        source = file.read_bytes()
        try:
            file.write_bytes(source[: mutant.start] + mutant.after.encode() + source[mutant.end :])
            return self.passes(tests, timeout)
        finally:
            file.write_bytes(source)


def modules(paths: Sequence[Path]) -> list[Path]:
    """Returns the modules below some paths, relative to the project."""
    found: list[Path] = []
    for path in paths:
        here = ROOT / path
        found += [here] if here.is_file() else sorted(here.rglob("*"))
    relative = [file.relative_to(ROOT) for file in found if file.suffix in PARSERS]
    return list(dict.fromkeys(relative))


def survivors(tests: list[Path], chosen: list[Mutant], copies: list[Copy]) -> list[Mutant]:
    """Returns those of a module's mutants that its tests let live."""
    began = time.monotonic()
    if not copies[0].passes(tests, 600):
        raise SystemExit(f"{tests[0]} fails without a mutant")
    timeout = _PATIENCE_S + 3 * (time.monotonic() - began)

    def run(number: int) -> list[Mutant]:
        share = chosen[number :: len(copies)]  # a copy holds one mutant at a time
        return [mutant for mutant in share if copies[number].survives(mutant, tests, timeout)]

    with concurrent.futures.ThreadPoolExecutor(len(copies)) as pool:
        found = [mutant for share in pool.map(run, range(len(copies))) for mutant in share]
    return sorted(found, key=lambda mutant: mutant.start)


def sample(every: list[Mutant], size: int, seed: int) -> dict[Path, list[Mutant]]:
    """Returns so many of the mutants, or all where `size` is 0, by module."""
    chosen = random.Random(seed).sample(every, min(size or len(every), len(every)))
    by_module: dict[Path, list[Mutant]] = {}
    for mutant in chosen:
        by_module.setdefault(mutant.path, []).append(mutant)
    return dict(sorted(by_module.items()))


def main() -> None:
    """Reads the command line, and prints a line a module and one a survivor."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("paths", nargs="*", type=Path, default=[Path("adk_nb")])
    parser.add_argument("--sample", type=int, default=100, help="how many mutants; 0: all")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    options = parser.parse_args()
    tests: dict[Path, list[Path]] = {}
    for path in modules(options.paths):
        if found := tests_of(path):
            tests[path] = found
        elif mutants(path):
            print(f"no test file of its own: {path}", flush=True)
    every = [mutant for path in tests for mutant in mutants(path)]
    tested = killed = 0
    with tempfile.TemporaryDirectory(prefix="mutants-") as folder:
        copies = [Copy(Path(folder) / str(number)) for number in range(options.jobs)]
        for path, chosen in sample(every, options.sample, options.seed).items():
            alive = survivors(tests[path], chosen, copies)
            dead = len(chosen) - len(alive)
            print(f"{dead:5} of {len(chosen):4}, {100 * dead / len(chosen):4.0f} %  {path}")
            print(*(f"{'':22}{mutant}\n" for mutant in alive), sep="", end="", flush=True)
            tested += len(chosen)
            killed += dead
    print(f"{killed} of {tested} mutants killed: {100 * killed / max(1, tested):.1f} %")


if __name__ == "__main__":
    main()
