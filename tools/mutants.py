"""How strong the tests are: changes one thing in a module, and sees whether its own tests notice.

    python tools/mutants.py --sample 100 --seed 1 adk_nb/log adk_nb/wire

A sample of mutants, the same for the same seed; each runs the test file that mirrors its module.
Prints a row a module and those that survived. Slow: some seconds a mutant.
"""

from __future__ import annotations

import argparse
import ast
import os
import random
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
TIMEOUT_S = 240
SWAPS: dict[type, str] = {
    ast.Lt: "<=", ast.LtE: "<", ast.Gt: ">=", ast.GtE: ">", ast.Eq: "!=", ast.NotEq: "==",
    ast.Is: "is not", ast.IsNot: "is", ast.In: "not in", ast.NotIn: "in",
    ast.Add: "-", ast.Sub: "+", ast.Mult: "/", ast.Div: "*", ast.And: "or", ast.Or: "and",
}  # fmt: skip
ELSEWHERE = {
    "adk_nb/live/coordinator.py": ["tests/test_session.py"],
    "adk_nb/live/model_connection.py": ["tests/test_session.py"],
    "adk_nb/live/event_reader.py": ["tests/test_session.py"],
    "adk_nb/conversation.py": ["tests/test_session.py"],
    "adk_nb/log/turn.py": ["tests/live/test_turn_builder.py"],
    "adk_nb/log/turns_from_log.py": ["tests/data/test_tables.py"],
    "adk_nb/log/span_collector.py": ["tests/data/test_spans.py"],
    "adk_nb/adk/session_context.py": ["tests/adk/test_cascade_connection.py"],
    "adk_nb/providers/env_file.py": ["tests/providers/test_gemini.py"],
}
"""Tests of modules that have no file of their own."""


@dataclass(frozen=True)
class Mutant:
    """One change: bytes `start` to `end` of a file become `text`."""

    path: Path
    line: int
    start: int
    end: int
    text: str

    def applied(self, source: bytes) -> bytes:
        """Returns the source with the change."""
        return source[: self.start] + self.text.encode() + source[self.end :]


class Finder(ast.NodeVisitor):
    """Finds what can be changed in a module."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.source = path.read_bytes()
        starts = [0]
        for line in self.source.splitlines(keepends=True):
            starts.append(starts[-1] + len(line))
        self._starts = starts
        self.found: list[Mutant] = []
        self.visit(ast.parse(self.source))

    def _at(self, node: ast.AST, *, end: bool = False) -> int:
        line, column = (
            (node.end_lineno, node.end_col_offset) if end else (node.lineno, node.col_offset)
        )
        return self._starts[line - 1] + column

    def _change(self, node: ast.AST, start: int, end: int, text: str) -> None:
        self.found.append(Mutant(self.path, node.lineno, start, end, text))

    def _operator(self, left: ast.AST, operator: ast.AST, right: ast.AST) -> None:
        start, end = self._at(left, end=True), self._at(right)
        between = self.source[start:end]
        # Brackets of the operands stand between them and the operator.
        inner = between.strip(b"() \n\t\\")
        if inner and type(operator) in SWAPS and b"#" not in between:
            at = start + between.index(inner)
            self._change(left, at, at + len(inner), SWAPS[type(operator)])

    def visit_Compare(self, node: ast.Compare) -> None:
        """Turns a comparison."""
        operands = [node.left, *node.comparators]
        for left, operator, right in zip(operands, node.ops, operands[1:], strict=False):
            self._operator(left, operator, right)
        self.generic_visit(node)

    def visit_BoolOp(self, node: ast.BoolOp) -> None:
        """Turns an `and` into an `or`."""
        self._operator(node.values[0], node.op, node.values[1])
        self.generic_visit(node)

    def visit_BinOp(self, node: ast.BinOp) -> None:
        """Turns an operation of numbers."""
        self._operator(node.left, node.op, node.right)
        self.generic_visit(node)

    def visit_UnaryOp(self, node: ast.UnaryOp) -> None:
        """Leaves a `not` out."""
        if isinstance(node.op, ast.Not):
            self._change(node, self._at(node), self._at(node.operand), "")
        self.generic_visit(node)

    def visit_Constant(self, node: ast.Constant) -> None:
        """Changes a number or a truth."""
        if isinstance(node.value, bool):
            self._change(node, self._at(node), self._at(node, end=True), repr(not node.value))
        elif isinstance(node.value, int | float):
            text = repr(node.value + 1 if node.value in (0, 1) else node.value * 2)
            self._change(node, self._at(node), self._at(node, end=True), text)

    def visit_Return(self, node: ast.Return) -> None:
        """Returns nothing."""
        if node.value is not None and not _is_none(node.value):
            self._change(node, self._at(node.value), self._at(node.value, end=True), "None")
        self.generic_visit(node)

    def visit_Expr(self, node: ast.Expr) -> None:
        """Leaves a call out; docstrings stay."""
        if isinstance(node.value, ast.Call | ast.Await):
            self._change(node, self._at(node), self._at(node, end=True), "pass")
        if not isinstance(node.value, ast.Constant):
            self.generic_visit(node)

    def visit_AugAssign(self, node: ast.AugAssign) -> None:
        """Leaves a sum as it was."""
        self._change(node, self._at(node), self._at(node, end=True), "pass")
        self.generic_visit(node)

    def visit_If(self, node: ast.If) -> None:
        """Leaves out what only types need."""
        if not (isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"):
            self.generic_visit(node)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        """Changes the value, not the annotation."""
        if node.value is not None:
            self.visit(node.value)


def _is_none(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and node.value is None


def tests_of(module: Path) -> list[str]:
    """Returns the test files of a module, relative to the repository; none where it has none."""
    inside = module.relative_to(ROOT / "adk_nb")
    own = Path("tests") / inside.parent / f"test_{inside.stem}.py"
    if (ROOT / own).exists():
        return [str(own)]
    return ELSEWHERE.get(str(module.relative_to(ROOT)), [])


def survives(mutant: Mutant, place: Path, tests: list[str]) -> bool:
    """Returns whether the module's tests pass with the change, in a copy of the repository."""
    target = place / mutant.path.relative_to(ROOT)
    source = target.read_bytes()
    target.write_bytes(mutant.applied(source))
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", *tests]
    environment = os.environ | {"PYTHONPATH": str(place), "PYTHONDONTWRITEBYTECODE": "1"}
    try:
        run = subprocess.run(
            command, cwd=place, env=environment, capture_output=True, timeout=TIMEOUT_S, check=False
        )
    except subprocess.TimeoutExpired:
        return False
    else:
        return run.returncode == 0
    finally:
        target.write_bytes(source)


def main() -> None:
    """Tries a sample of mutants."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--sample", type=int, default=100, help="how many mutants")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("paths", nargs="*", default=["adk_nb"], help="modules or folders")
    options = parser.parse_args()
    modules = sorted(
        module
        for path in options.paths
        for module in ([ROOT / path] if path.endswith(".py") else (ROOT / path).rglob("*.py"))
        if tests_of(module)
    )
    mutants = [mutant for module in modules for mutant in Finder(module).found]
    chosen = random.Random(options.seed).sample(mutants, min(options.sample, len(mutants)))
    tried, killed = Counter[str](), Counter[str]()
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        for name in ("adk_nb", "tests", "pyproject.toml", "docs", "notebooks", "README.md"):
            copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
            copy(ROOT / name, place / name)
        for mutant in chosen:
            name = str(mutant.path.relative_to(ROOT))
            tried[name] += 1
            if survives(mutant, place, tests_of(mutant.path)):
                was = mutant.path.read_bytes()[mutant.start : mutant.end].decode()
                print(f"survived: {name}:{mutant.line}: {was!r} -> {mutant.text!r}", flush=True)
            else:
                killed[name] += 1
    for name, count in sorted(tried.items()):
        print(f"{killed[name] / count:5.0%}  {killed[name]:3} of {count:3}  {name}")
    print(f"{killed.total() / max(1, tried.total()):5.0%} of {tried.total()} mutants were noticed")


if __name__ == "__main__":
    main()
