"""The documents name what there is: public names, methods, columns, error codes, modules."""

from __future__ import annotations

import ast
import importlib.util
import inspect
import re
import sys
from pathlib import Path

import pytest
from google.adk.agents import Agent
from scripted import Scripted, echo

import adk_nb
from adk_nb import exceptions, frames
from adk_nb.conversation import Conversation
from adk_nb.data.columns import ColumnGroup
from adk_nb.driven_session import DrivenSession

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "adk_nb"
DOCS = ROOT / "docs"


def load_examples():
    spec = importlib.util.spec_from_file_location("examples", ROOT / "tools" / "examples.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules["examples"] = module
    spec.loader.exec_module(module)
    return module


examples = load_examples()


def text(*names):
    return "\n".join((DOCS / name).read_text() for name in names)


def pages():
    return "\n".join(path.read_text() for path in [ROOT / "README.md", *DOCS.rglob("*.md")])


# Public names.


@pytest.mark.parametrize("name", adk_nb.__all__)
def test_a_public_name_is_in_the_reference(name):
    reference = text(*(path.relative_to(DOCS) for path in (DOCS / "reference").glob("*.md")))
    home = getattr(adk_nb, name).__module__
    assert f"`{name}`" in pages() or f"adk_nb.{name}" in pages()
    entry = f"::: {home}.{name}"
    listed = re.search(
        rf"::: {re.escape(home)}\n    options:\n(?:      .+\n)*.*\b{name}\b", reference
    )
    assert entry in reference or listed or name in text("errors.md")


@pytest.mark.parametrize("name", [name for name in frames.__all__ if not name.isupper()])
def test_a_name_of_frames_is_in_the_reference(name):
    value = getattr(frames, name)
    reference = text("reference/frames.md", "reference/turns.md")
    members = re.search(
        rf"::: {re.escape(value.__module__)}\n    options:\n(?:      .+\n)*.*\b{name}\b", reference
    )
    assert f"::: {value.__module__}.{name}" in reference or members


def methods(cls):
    found = inspect.getmembers(cls, lambda m: inspect.isfunction(m) or isinstance(m, property))
    return [name for name, _ in found if not name.startswith("_") and name != "getdoc"]


@pytest.mark.parametrize("name", methods(Conversation))
def test_a_method_of_widget_and_session_is_documented(name):
    assert re.search(rf"`[^`\n]*\b{name}\b|^.*\b{name}\(", pages(), re.MULTILINE)
    assert getattr(Conversation, name).__doc__


OURS = {"is_in_use", "note_end", "report", "receive_visitors"}
"""What the widget and the server call; it is no part of the documented interface."""


def listed(cls):
    """The members of a class that the reference lists by name."""
    found = re.search(rf"::: [\w.]+\.{cls.__name__}\n    options:\n      members: \[(.+)\]",
                      text("reference/conversation.md"))  # fmt: skip
    return set(found[1].split(", "))


def test_the_reference_lists_what_a_session_has_of_its_own():
    shared = {*methods(Conversation), *methods(DrivenSession)} - {"status"}
    assert listed(adk_nb.LiveSession) == {*methods(adk_nb.LiveSession)} - shared - OURS


def test_the_reference_lists_what_a_widget_has_of_its_own():
    # What ipywidgets has, and this one gives another answer to, is of no use to a cell.
    own = {name for name in vars(adk_nb.LiveWidget) if not name.startswith("_")} - {"model_id"}
    traits = {name for name in own if name in adk_nb.LiveWidget.class_trait_names()}
    assert listed(adk_nb.LiveWidget) == own - traits
    for name in traits:
        assert re.search(rf"^        {name}: ", adk_nb.LiveWidget.__doc__, re.MULTILINE), name


def test_completion_lists_what_is_documented():
    agent = Agent(name="teller", model=Scripted(echo))
    talked = {*methods(Conversation), "session"}
    session = adk_nb.LiveSession(agent)
    own = listed(adk_nb.LiveSession) | {"id", "log"}
    assert {name for name in dir(session) if not name.startswith("_")} == talked | own
    widget = adk_nb.talk(agent)
    try:
        found = {name for name in dir(widget) if not name.startswith("_")}
    finally:
        widget.close()
    traits = {"status", "error", "agent_name", "model_name", "tool_names"}
    of_widgets = {"layout", "observe", "unobserve"}
    assert found == talked | listed(adk_nb.LiveWidget) | traits | of_widgets
    dunder = {name for name in dir(adk_nb) if name.startswith("__")}
    assert set(dir(adk_nb)) - dunder == set(adk_nb.__all__)


def test_a_conversations_help_names_every_call_by_its_task():
    session = adk_nb.LiveSession(Agent(name="teller", model=Scripted(echo)))
    tasks = session.getdoc().partition("The calls by task:")[2]
    named = set(re.findall(r"`(\w+)`", tasks))
    calls = {name.removesuffix("_async") for name in methods(Conversation)} - {"session"}
    assert named == calls | {"close"}


def test_what_waits_has_an_async_version_and_the_documents_name_it():
    own = methods(Conversation)
    awaited = {name for name in own if name.endswith("_async")}
    assert {name.removesuffix("_async") for name in awaited} == {
        "say", "prompt", "speak", "interrupt", "wait_for_turn", "swap", "reload", "confirm",
        "stop_tool", "respond",
    }  # fmt: skip
    assert awaited == set(re.findall(r"await live\.(\w+_async)\(", text("asyncio.md")))


GROUPS = [name for name, value in vars(frames).items() if isinstance(value, ColumnGroup)]


@pytest.mark.parametrize("name", GROUPS)
def test_a_group_and_its_columns_are_documented(name):
    page = text("dataframes.md")
    assert f"`{name}`" in page
    for column in getattr(frames, name):
        assert f"`{column.name}`" in page, column.name


def test_what_is_imported_from_the_documents_is_there():
    for module, names in re.findall(r"from (adk_nb[\w.]*) import ([\w, ]+)", pages()):
        found = importlib.import_module(module)
        for name in names.split(","):
            assert hasattr(found, name.strip()), f"{module}.{name}"


# Errors.


def error_classes():
    found = vars(exceptions).values()
    return [one for one in found if inspect.isclass(one) and issubclass(one, Exception)]


@pytest.mark.parametrize("cls", error_classes(), ids=lambda cls: cls.__name__)
def test_an_error_is_documented(cls):
    assert re.search(rf"^\| `{cls.__name__}` \|", text("errors.md"), re.MULTILINE)


def test_every_error_class_can_be_imported_from_one_place():
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ClassDef) and path.name != "exceptions.py":
                bases = {getattr(base, "id", "") for base in node.bases}
                assert not bases & {cls.__name__ for cls in error_classes()}, node.name


def python_codes():
    """The codes that Python code gives to errors, from `code=`, `code = ` and meanings."""
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.keyword) and node.arg == "code":
                yield from constants(node.value)
            elif isinstance(node, ast.ClassDef):
                for one in node.body:
                    if isinstance(one, ast.Assign) and one.targets[0].id == "code":
                        yield from constants(one.value)
            elif isinstance(node, ast.Call) and getattr(node.func, "id", "") in {
                "Meaning",
                "_Meaning",
            }:
                yield from constants(node.args[0])


def constants(node):
    return [one.value for one in ast.walk(node)
            if isinstance(one, ast.Constant) and isinstance(one.value, str)]  # fmt: skip


def page_codes():
    for path in (PACKAGE / "static").rglob("*.js"):
        text = path.read_text()
        yield from re.findall(r'\bcode: "(\w+)"', text)
        for end in re.findall(r"\bcode: `\$\{code\}(_\w+)`", text):
            yield from (kind + end for kind in ("mic", "camera", "screen"))


def documented_codes():
    rows = re.findall(r"^\| ((?:`\w+`(?:, )?)+) \|", text("errors.md"), re.MULTILINE)
    names = {name for row in rows for name in re.findall(r"`(\w+)`", row)}
    return names - {cls.__name__ for cls in error_classes()}


def test_every_error_code_is_documented_and_no_other():
    used = {*python_codes(), *page_codes()}
    assert len(used) > 50
    assert documented_codes() == used


# Modules that CONTRIBUTING.md walks through.


def steps():
    rows = re.findall(
        r"^\| `([\w./-]+)` \| `([\w.]+)` \| (.+) \|$",
        (ROOT / "CONTRIBUTING.md").read_text(),
        re.MULTILINE,
    )
    return [(file, name) for file, name, _ in rows if "/" in file]


@pytest.mark.parametrize(("file", "name"), steps(), ids=lambda part: part)
def test_a_step_of_a_walk_is_where_the_map_says(file, name):
    path = (PACKAGE / file) if file.startswith("static/") else ROOT / file
    source = path.read_text()
    *owner, function = name.split(".")
    if path.suffix == ".py":
        names = set()
        for node in ast.parse(source).body:
            names.add(getattr(node, "name", ""))
            for one in getattr(node, "body", []):
                names.add(f"{getattr(node, 'name', '')}.{getattr(one, 'name', '')}")
        assert name in names
    else:
        assert all(f"class {one}" in source for one in owner)
        assert re.search(
            rf"^\s*(?:export )?(?:async )?(?:function )?{function}\(", source, re.MULTILINE
        )


def test_there_are_three_walks():
    assert len(steps()) > 40


# Examples.

PAGE = """
Text.

```python
one = 1
```

<!-- skip: needs a key -->
```python
two = 2
```

1. A list:

   ```python
   three = one + 2
   if three:
       three += 1
   ```

```sh
not python
```
"""


def test_the_blocks_of_a_page():
    found = examples.blocks(PAGE)
    assert [(block.line, block.code, block.skip) for block in found] == [
        (4, "one = 1\n", ""),
        (9, "two = 2\n", "needs a key"),
        (15, "three = one + 2\nif three:\n    three += 1\n", ""),
    ]


@pytest.mark.long
def test_a_block_that_fails_is_told_with_its_line(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(examples, "ROOT", tmp_path)
    page = tmp_path / "page.md"
    page.write_text(PAGE + "\n```python\nassert three == 5\n```\n")
    assert examples.main([page]) == 1
    said = capsys.readouterr().out
    assert "page.md: 2 ran, 1 failed, 1 skipped" in said
    assert "page.md, line 25:" in said
    assert "AssertionError" in said
    page.write_text(PAGE)
    assert examples.main([page]) == 0


@pytest.mark.parametrize("path", examples.PAGES, ids=lambda path: path.name)
def test_no_python_block_escapes_the_examples(path):
    source = path.read_text()
    assert len(examples.blocks(source)) == len(re.findall(r"^\s*```python", source, re.MULTILINE))
    for block in examples.blocks(source):
        assert not re.search(r"(?m)^[^#\n]*%load_ext \w+[ \t]+\S", block.code), block.line


# The changelog's fragments.


def test_fragments_are_ones_that_towncrier_takes():
    names = [path.name for path in (ROOT / "changes").iterdir() if path.name != "README.md"]
    for name in names:
        assert re.fullmatch(r"\+[a-z0-9-]+\.(added|changed|fixed|removed)\.md", name), name


def test_every_page_is_in_the_navigation():
    pages = {page.relative_to(DOCS).as_posix() for page in DOCS.rglob("*.md")}
    named = set(re.findall(r"[\w/-]+\.md", (ROOT / "mkdocs.yml").read_text("utf-8")))
    assert pages == named
