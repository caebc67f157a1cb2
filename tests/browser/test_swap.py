"""What of an agent and its tools can be seen and changed in the page, in a real browser."""

from __future__ import annotations

import pytest
from driver import screenshot
from fastapi.openapi.models import OAuth2, OAuthFlows
from google.adk.agents import Agent
from google.adk.auth.auth_credential import AuthCredential, AuthCredentialTypes, OAuth2Auth
from google.adk.auth.auth_tool import AuthConfig
from google.adk.tools import FunctionTool, ToolContext
from scripted import DONE, Scripted, audio, call, result_of, said, text_of

import adk_nb
from adk_nb.adk.agents import tool_names
from adk_nb.exceptions import SwapError

pytestmark = pytest.mark.browser


def work(n: int) -> str:
    """Works."""
    return "done"


def delete(file: str) -> str:
    """Deletes a file."""
    return f"{file} is gone"


def answer(came):
    text, result = text_of(came), result_of(came)
    if result is not None:
        return [audio(100), said(f"It came back with {result}."), DONE]
    if text == "delete":
        return [call("delete", file="a.txt")]
    return [audio(100), said(f"You said {text}."), DONE] if text else []


def make(name="script", *refusals):
    tools = [work, FunctionTool(delete, require_confirmation=True)]
    return Agent(name=name, model=Scripted(answer, refusals), tools=tools)


@pytest.fixture
def widget(show):
    """A fresh widget of the scripted model."""
    widget = show(adk_nb.talk(make()))
    widget.wait_for_state("ready")
    return widget


def test_a_tool_that_asks_is_answered_with_the_keyboard(widget):
    widget.type("delete")
    widget.part("approve").wait_for()
    assert "a.txt" in widget.wait_for_entry("tool", "approval")
    screenshot(widget.page, "question")
    widget.part("reject").focus()
    widget.part("reject").press("Enter")
    assert "rejected" in widget.wait_for_entry("tool", "rejected")
    widget.wait_for_state("ready")
    widget.type("delete")
    widget.part("approve").click()
    widget.wait_for_entry("tool", "a.txt is gone")
    assert widget.part("approve").count() == 0


def test_tools_are_switched_in_the_panel(widget):
    widget.part("panel").click()
    assert "2 tools" in widget.part("panel").inner_text()
    box = widget.root.locator('[data-tool="work"]')
    assert box.is_checked()
    box.uncheck()
    widget.until(lambda: tool_names(widget.live.agent) == ["delete"])
    widget.root.locator('[data-role="note"]', has_text="Switched off: work.").wait_for()
    assert "1 of 2 tools" in widget.part("panel").inner_text()
    box.check()
    widget.until(lambda: len(widget.live.tools) == 2)
    screenshot(widget.page, "panel")
    box.press("Escape")
    assert not widget.part("agent-panel").is_visible()


def test_a_swap_that_fails_says_why_and_the_old_agent_goes_on(widget):
    with pytest.raises(SwapError, match="no route"):
        widget.live.swap(make("other", ConnectionError("no route")))
    widget.part("error").wait_for()
    assert "script goes on." in widget.part("error").inner_text()
    assert "no route" in widget.part("error").inner_text()
    widget.type("hello")
    widget.wait_for_entry("agent", "You said hello.")
    assert widget.part("agent").first.inner_text() == "script"


def test_a_swap_shows_in_the_page(widget):
    widget.live.swap(make("other"))
    widget.wait_for_entry("note", "other answers in place of script")
    widget.until(lambda: widget.part("agent").first.inner_text() == "other")
    widget.type("hello")
    widget.wait_for_entry("agent", "You said hello.")
    assert widget.look("(root, adkNb) => adkNb.socketsDialled") == 1


def mail(tool_context: ToolContext) -> str:
    """Reads mail."""
    credential = tool_context.get_auth_response(WANTED)
    if credential is None:
        tool_context.request_credential(WANTED)
        return "asking"
    return f"none for {credential.oauth2.auth_code}"


WANTED = AuthConfig(
    auth_scheme=OAuth2(flows=OAuthFlows()),
    raw_auth_credential=AuthCredential(
        auth_type=AuthCredentialTypes.OAUTH2,
        # Without a client's id ADK exchanges nothing.
        oauth2=OAuth2Auth(auth_uri="https://accounts.example/auth?state=s"),
    ),
)


def reads_mail(came):
    text, result = text_of(came), result_of(came)
    if result is not None:
        return [audio(100), said(f"It came back with {result}."), DONE]
    return [call("mail")] if text else []


def test_a_tool_that_wants_a_sign_in_is_answered_in_the_page(show):
    agent = Agent(name="script", model=Scripted(reads_mail), tools=[mail])
    widget = show(adk_nb.talk(agent))
    widget.wait_for_state("ready")
    widget.type("read it")
    widget.part("sign-in").wait_for()
    assert widget.part("sign-in").get_attribute("href") == "https://accounts.example/auth?state=s"
    assert widget.part("sign-in").get_attribute("rel") == "noopener noreferrer"
    screenshot(widget.page, "sign-in")
    widget.part("sign-in-answer").fill("c1")
    widget.part("sign-in-answer").press("Enter")
    widget.wait_for_entry("agent", "none for c1")
    assert widget.part("sign-in").count() == 0


def test_a_sign_in_is_refused_in_the_page(show):
    agent = Agent(name="script", model=Scripted(reads_mail), tools=[mail])
    widget = show(adk_nb.talk(agent))
    widget.wait_for_state("ready")
    widget.type("read it")
    widget.part("reject").click()
    widget.wait_for_entry("agent", "The user did not sign in")
    assert widget.part("sign-in-answer").count() == 0
