"""What of the embedded default is loaded, and what is told of what cannot be."""

from __future__ import annotations

import asyncio
import threading
from types import SimpleNamespace

import pytest

from adk_nb.exceptions import AdkNbError, LocalModelError
from adk_nb.live import model_loading
from adk_nb.live.model_loading import ModelLoading


class Owner:
    def __init__(self):
        self.told = []

    def run_failed(self, error):
        self.told.append(("failed", error.message))

    def run_lacks(self, error):
        self.told.append(("lacks", error.message))


class Part:
    def __init__(self, error=None):
        self.error, self.loads, self.threads = error, 0, set()

    def warm_up(self):
        self.loads += 1
        self.threads.add(threading.get_ident())
        if self.error is not None:
            raise self.error


@pytest.fixture
def owner():
    return Owner()


@pytest.fixture
def load(monkeypatch, owner):
    """Loads a cascade of parts that the test makes, and waits for all of it."""
    loading = ModelLoading(owner)
    models = {}

    async def loaded(stt, tts, brain=None):
        model = models.setdefault(id(stt), SimpleNamespace(stt=stt, tts=tts))
        monkeypatch.setattr(model_loading, "cascades", lambda _agent: [model])
        monkeypatch.setattr(model_loading, "text_model", lambda _model: brain)
        try:
            await loading.warm_up(None)
        finally:
            await asyncio.gather(*loading.tasks)

    return loaded


async def test_the_parts_of_a_cascade_are_loaded_once_and_off_the_loop(load, owner):
    stt, tts, brain = Part(), Part(), Part()
    for _ in range(2):
        await load(stt, tts, brain)
    assert [stt.loads, tts.loads, brain.loads] == [1, 1, 1]
    assert threading.get_ident() not in stt.threads | tts.threads | brain.threads
    assert owner.told == []


async def test_another_cascade_is_loaded_too(load):
    first, second = Part(), Part()
    await load(first, object())
    await load(second, object())
    assert [first.loads, second.loads] == [1, 1]


async def test_parts_that_are_not_installed_are_told_together(load, owner):
    stt, brain = (
        Part(LocalModelError(f"{name} is not there.", remedy="Install it.")) for name in "ab"
    )
    await load(stt, object(), brain)
    ((kind, message),) = owner.told
    assert kind == "lacks"
    assert "a is not there." in message
    assert "b is not there." in message


async def test_a_part_that_fails_otherwise_fails_the_loading(load, owner):
    stt = Part(ValueError("broken"))
    with pytest.raises(AdkNbError, match="broken"):
        await load(stt, Part(), Part(ValueError("odd")))
    assert [kind for kind, _ in owner.told] == ["failed"]
    stt.error = None
    await load(stt, Part())
    assert stt.loads == 2  # It is tried again.


async def test_what_loads_is_let_go_of_when_it_has(load, monkeypatch, owner):
    loading = ModelLoading(owner)
    monkeypatch.setattr(model_loading, "cascades", lambda _agent: [])
    await loading.warm_up(None)
    await asyncio.gather(*loading.tasks)
    await asyncio.sleep(0)
    assert loading.tasks == set()
