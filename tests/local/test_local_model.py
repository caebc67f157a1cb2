"""The embedded default without its models: what it needs of ADK, and ears of one's own."""

from __future__ import annotations

import importlib.util
import sys
from types import ModuleType

import pytest
from google.adk.live import LiveIngress
from google.adk.models.base_llm_connection import BaseLlmConnection
from google.adk.models.llm_request import LlmRequest
from google.genai import types

from adk_nb import local
from adk_nb.exceptions import AdkVersionError
from adk_nb.local import LocalLlm, MoonshineSTT, local_model


class Ears(LiveIngress):
    """Ears that hear nothing, and want to know nothing of the tools."""

    async def __call__(self, *args):
        """Yields nothing."""
        for _ in ():
            yield


def load_again():
    """Runs the module anew, beside the one that is loaded."""
    spec = importlib.util.spec_from_file_location("adk_nb.local", local.__file__)
    spec.loader.exec_module(importlib.util.module_from_spec(spec))


@pytest.mark.parametrize(
    ("there", "why"),
    [
        (None, "is not there."),
        (
            ModuleType("google.adk.live"),
            (
                "could not be imported: ImportError: cannot import name 'CascadeLive' from "
                "'google.adk.live' (unknown location)."
            ),
        ),
    ],
)
def test_an_adk_without_a_cascade_is_told_by_its_version(monkeypatch, there, why):
    monkeypatch.setitem(sys.modules, "google.adk.live", there)
    with pytest.raises(AdkVersionError) as error:
        load_again()
    assert error.value.message.endswith(f" is installed. google.adk.live {why}")
    assert isinstance(error.value.__cause__, ImportError)
    assert sys.modules["adk_nb.local"] is local


REQUEST = LlmRequest(
    config=types.GenerateContentConfig(
        tools=[types.Tool(function_declarations=[types.FunctionDeclaration(name="roll_dice")])]
    )
)


@pytest.mark.filterwarnings("ignore:.*CASCADE_LIVE")
async def test_ears_that_want_no_tools_are_given_none():
    ears = Ears()
    async with local_model(LocalLlm(), stt=ears).connect(REQUEST) as connection:
        assert isinstance(connection, BaseLlmConnection)
        assert not hasattr(ears, "hearing")


@pytest.mark.filterwarnings("ignore:.*CASCADE_LIVE")
async def test_ears_are_given_the_tools_of_the_request():
    ears = MoonshineSTT()
    async with local_model(LocalLlm(), stt=ears).connect(REQUEST):
        assert [tool.name for tool in ears.hearing.router.tools] == ["roll_dice"]
