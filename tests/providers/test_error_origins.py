"""Whose an error is, by the modules that it went through."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from adk_nb.adk import user_errors
from adk_nb.providers.error_origins import _is_users
from adk_nb.providers.explain import explain


def raised(function, *args, **kwargs):
    """Returns what a call raises, with its traceback."""
    with pytest.raises(BaseException) as caught:
        function(*args, **kwargs)
    return caught.value


def test_our_own_modules_are_not_the_users_code():
    ours = SimpleNamespace(f_code=user_errors.contained.__code__)
    mine = SimpleNamespace(f_code=test_our_own_modules_are_not_the_users_code.__code__)
    assert not _is_users(ours)
    assert _is_users(mine)


def below_adk(module, source, **names):
    """Returns what some code raises in a module of ADK's."""
    space = {"__name__": module, **names}
    exec(compile(source, "<frozen adk>", "exec"), space)
    return raised(space["work"])


@pytest.mark.parametrize(
    ("module", "code", "who"),
    [
        ("google.adk.artifacts.mine", "sessions_failed", "its session service"),
        ("google.adk.sessions.mine", "sessions_failed", "its session service"),
        ("google.adk.tools.mine", "code_failed", "a tool of the agent's"),
        ("google.adk.flows.mine", "model_failed", "ValueError: no disk"),
        ("google.genai.mine", "model_failed", "ValueError: no disk"),
    ],
)
def test_who_raised_it_is_told_by_the_modules_it_went_through(module, code, who):
    error = below_adk(module, "def work():\n    raise ValueError('no disk')")
    # Without the frames of this test, which are the user's.
    said = explain(error.with_traceback(error.__traceback__.tb_next))
    assert said.code == code
    assert who in str(said)
