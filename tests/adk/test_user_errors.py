"""What the user's code raises, as it is passed on."""

from __future__ import annotations

import asyncio

import pytest

from adk_nb.adk import user_errors
from adk_nb.adk.user_errors import OddError, contained, describe, in_thread, original


async def raising(error):
    await asyncio.sleep(0)
    raise error


async def test_an_exception_stays_itself():
    error = ValueError("no dice")
    with pytest.raises(ValueError, match="no dice") as raised:
        await contained(raising(error))
    assert raised.value is error
    assert original(error) is error
    assert describe(error) == "ValueError: no dice"
    assert await contained(asyncio.sleep(0, 7)) == 7


@pytest.mark.parametrize(
    "error",
    [SystemExit(3), KeyboardInterrupt(), GeneratorExit(), asyncio.CancelledError()],
    ids=lambda error: type(error).__name__,
)
async def test_what_is_none_has_one_in_its_place(error):
    with pytest.raises(OddError) as raised:
        await contained(raising(error))
    assert original(raised.value) is error
    assert raised.value.__cause__ is error
    assert str(raised.value) == describe(error)


def test_an_error_without_a_text_is_its_name():
    assert describe(SystemExit()) == "SystemExit"


async def test_who_is_cancelled_is_cancelled():
    task = asyncio.create_task(contained(asyncio.sleep(60)))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert task.cancelled()


def test_who_is_given_up_is_closed():
    async def lasting():
        try:
            await asyncio.Event().wait()
        except GeneratorExit:
            closed.append(True)
            raise

    closed = []
    loop = asyncio.new_event_loop()
    running = contained(lasting())
    task = loop.create_task(running)
    task._log_destroy_pending = False
    loop.run_until_complete(asyncio.sleep(0))
    running.close()
    loop.close()
    assert closed == [True]


class Signal(BaseException):
    """As those that ADK's own code raises and catches."""


Signal.__module__ = "google.adk.workflow._errors"


async def test_a_signal_of_adks_is_passed_on():
    def function():
        raise Signal

    with pytest.raises(Signal):
        await contained(raising(Signal()))
    with pytest.raises(Signal):
        in_thread(function)()


@pytest.mark.parametrize("error", [StopIteration(3), SystemExit(3), GeneratorExit()])
async def test_no_error_of_a_thread_is_lost(error):
    def function():
        raise error

    with pytest.raises(OddError) as raised:
        await asyncio.to_thread(in_thread(function))
    assert original(raised.value) is error
    assert in_thread(max)(1, 2) == 2


async def test_a_stream_that_is_given_up_is_closed():
    closed = []

    async def results():
        try:
            yield 1
            yield 2
        finally:
            closed.append(True)

    stream = user_errors._stream(results())
    assert await anext(stream) == 1
    await stream.aclose()
    assert closed == [True]


def test_an_adk_that_has_no_such_function_stays_as_it_is(monkeypatch):
    gone = ("google.adk.no_such_module", "call", user_errors._contains)
    other = ("google.adk.utils._sync_runner", "no_such_function", user_errors._contains)
    monkeypatch.setattr(user_errors, "_AROUND", (gone, other))
    user_errors.install()
