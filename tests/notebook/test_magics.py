"""nest-asyncio2 patches a whole process, so what applies it runs in a kernel or another process."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import subprocess
import sys
import textwrap
import time
from pathlib import Path
from types import ModuleType

import pytest
from google.adk.agents import Agent
from IPython.core.error import UsageError
from IPython.core.interactiveshell import InteractiveShell
from jupyter_client.manager import KernelManager
from scripted import Scripted, echo
from traitlets.config import Config

import adk_nb
from adk_nb.exceptions import TurnTimeoutError

HERE = Path(__file__).parents[1]


@pytest.fixture
def shell(monkeypatch, tmp_path):
    """A shell in which the extension is loaded; no loop runs in it, so nothing is patched."""
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path))
    config = Config(
        {"HistoryManager": {"enabled": False}, "InteractiveShell": {"colors": "nocolor"}}
    )
    made = InteractiveShell.instance(config=config, user_module=ModuleType("cells"))
    made.push({"agent": Agent(name="teller", model=Scripted(echo)), "adk_nb": adk_nb})
    made.run_line_magic("load_ext", "adk_nb")
    yield made
    for value in list(made.user_ns.values()):
        if isinstance(value, adk_nb.LiveWidget | adk_nb.LiveSession):
            value.close()
    made.run_line_magic("unload_ext", "adk_nb")
    InteractiveShell.clear_instance()
    assert not hasattr(asyncio, "_nest_patched")


@pytest.fixture(autouse=True)
def forget(monkeypatch):
    """No test knows what another made last."""
    from adk_nb.notebook.magics import AdkMagics

    monkeypatch.setattr(AdkMagics, "_newest", None)


def run(shell, cell):
    result = shell.run_cell(cell)
    result.raise_error()
    return result.result


def refused(shell, cell):
    """Returns what the user is told."""
    error = shell.run_cell(cell).error_in_exec
    assert isinstance(error, UsageError), error
    return str(error)


def test_talk_makes_a_widget_and_say_has_the_turn(shell):
    live = run(shell, "%adk_talk agent")
    assert isinstance(live, adk_nb.LiveWidget)
    assert shell.user_ns["live"] is live
    turn = run(shell, "%%adk_say\nhello\n")
    assert isinstance(turn, adk_nb.Turn)
    assert (turn.user_text, turn.agent_text) == ("hello", "You said hello.")


def test_talk_takes_an_expression_and_a_name(shell):
    run(shell, "agents = {'my teller': [agent]}")
    live = run(shell, "%adk_talk agents['my teller'][{0}.pop()].clone() -n robot")
    assert shell.user_ns["robot"] is live
    assert "live" not in shell.user_ns
    assert run(shell, "%%adk_say\nhello").agent_text == "You said hello."
    assert run(shell, "%%adk_say robot\nbye").agent_text == "You said bye."
    assert [turn.user_text for turn in live.turns] == ["hello", "bye"]


def test_the_text_goes_as_it_stands(shell):
    run(shell, "name = 'Ada'")
    run(shell, "%adk_talk agent")
    said = "{name} and $name\n\n    in 2 lines"
    assert run(shell, f"%%adk_say\n\n{said}\n").user_text == said


def test_say_without_a_name_means_live_then_the_newest(shell):
    run(shell, "%adk_talk agent -n robot")
    run(shell, "live = adk_nb.LiveSession(agent).start()")
    live, robot = shell.user_ns["live"], shell.user_ns["robot"]
    run(shell, "%%adk_say\none")
    assert [len(live.turns), len(robot.turns)] == [1, 0]
    live.close()
    run(shell, "%%adk_say\ntwo")
    assert [len(live.turns), len(robot.turns)] == [1, 1]
    run(shell, "live = 'something else'")
    run(shell, "%%adk_say\nthree")
    assert len(robot.turns) == 2


@pytest.mark.parametrize(
    ("cell", "told"),
    [
        ("%adk_talk agnet", "'agnet' is not defined. Run the cell that defines it"),
        ("%adk_talk 1 + 1", "1 + 1 is a int, not an agent"),
        ("%adk_talk", "required: agent"),
        ("%adk_talk agent -n 1st", "'1st' cannot be a variable"),
        ("%adk_talk agent -n class", "'class' cannot be a variable"),
        ("%%adk_say\nhello", "no conversation yet. Run %adk_talk agent first."),
        ("%%adk_say robot\nhello", "There is no robot. Run %adk_talk agent -n robot first."),
        ("%%adk_say agent\nhello", "agent is a LlmAgent, not a conversation"),
        ("%%adk_say\n\n", "nothing to say"),
        ("%%adk_say --timeout soon\nhello", "invalid float"),
    ],
)
def test_an_error_says_what_to_do(shell, cell, told):
    assert told in refused(shell, cell)


def test_a_closed_conversation_says_so(shell):
    run(shell, "%adk_talk agent")
    run(shell, "live.close()")
    assert "closed. Run %adk_talk agent again." in refused(shell, "%%adk_say\nhello")
    assert "closed. Run %adk_talk agent again." in refused(shell, "%%adk_say live\nhello")


def test_a_session_of_the_users_own_that_is_closed_says_so_too(shell):
    run(shell, "live = adk_nb.LiveSession(agent).start()")
    run(shell, "live.close()")
    assert "closed. Run %adk_talk agent again." in refused(shell, "%%adk_say\nhello")


def test_an_error_in_the_expression_is_shown_as_it_is(shell):
    with pytest.raises(ZeroDivisionError):
        run(shell, "%adk_talk 1/0")


def test_the_timeout_is_the_turns(shell):
    shell.push({"silent": Agent(name="silent", model=Scripted(lambda came: []))})
    run(shell, "%adk_talk silent")
    with pytest.raises(TurnTimeoutError):
        run(shell, "%%adk_say --timeout 0.1\nhello")


def magics(shell):
    found = shell.magics_manager.lsmagic()
    return "adk_talk" in found["line"], "adk_say" in found["cell"]


def test_load_twice_unload_and_reload(shell):
    adk_nb.load_ipython_extension(shell)
    run(shell, "%load_ext adk_nb")
    assert magics(shell) == (True, True)
    run(shell, "%adk_talk agent -n robot")
    run(shell, "%reload_ext adk_nb")
    assert run(shell, "%%adk_say\nhello").agent_text == "You said hello."
    run(shell, "%unload_ext adk_nb")
    assert magics(shell) == (False, False)
    assert "AdkMagics" not in shell.magics_manager.registry
    adk_nb.unload_ipython_extension(shell)
    run(shell, "%load_ext adk_nb")
    assert magics(shell) == (True, True)


def alone(code, tmp_path):
    """Runs a script in a process of its own; returns what it prints."""
    run = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)],
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
        env=os.environ | {"IPYTHONDIR": str(tmp_path)},
    )
    assert run.returncode == 0, run.stderr
    return run.stdout


def test_a_terminal_needs_no_patch(tmp_path):
    code = """
    import asyncio, sys
    from IPython.terminal.interactiveshell import TerminalInteractiveShell
    shell = TerminalInteractiveShell.instance()
    for cell in ("%load_ext adk_nb", "import asyncio; x = asyncio.run(asyncio.sleep(0, 7))"):
        shell.run_cell(cell).raise_error()
    print(shell.user_ns["x"], "adk_talk" in shell.magics_manager.magics["line"],
          hasattr(asyncio, "_nest_patched"), "google.adk" in sys.modules)
    """
    assert alone(code, tmp_path).split() == ["7", "True", "False", "False"]


def test_a_loop_that_cannot_be_patched_is_told_and_left(tmp_path):
    code = """
    import asyncio, warnings
    from adk_nb.notebook import magics
    class Loop(asyncio.AbstractEventLoop): ...
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        magics._nest(Loop())
    print(hasattr(asyncio, "_nest_patched"), told[0].filename, told[0].message)
    """
    told = alone(code, tmp_path)
    assert told.startswith("False <string>")  # Where it was called.
    assert "await main()" in told


def test_a_run_in_a_run_hands_on_what_it_put_off(tmp_path):
    code = """
    import asyncio, contextvars
    from adk_nb.notebook import magics

    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    magics._nest(loop)
    cells = contextvars.copy_context()  # As ipykernel's, in which every cell is.
    made = []

    async def late():
        return "not lost"

    async def inner():
        made.append(asyncio.create_task(late(), context=cells))

    async def outer():
        turn = loop.create_future()
        # Something stays ready behind this task: the pass that runs it goes on after it.
        loop.call_soon(lambda: (turn.set_result(None), loop.call_soon(int)))
        await turn
        asyncio.run(inner())

    async def cell():
        asyncio.run(outer())

    loop.run_until_complete(loop.create_task(cell(), context=cells))
    print(loop.run_until_complete(asyncio.wait_for(made[0], 10)))
    """
    assert alone(code, tmp_path) == "not lost\n"


# --- in a kernel ---

ADK_SNIPPET = """
import asyncio
from google.adk.agents import Agent
from google.adk.models.base_llm import BaseLlm
from google.adk.models.llm_response import LlmResponse
from google.adk.runners import InMemoryRunner
from google.genai import types

class Parrot(BaseLlm):
    model: str = "parrot"
    async def generate_content_async(self, llm_request, stream=False):
        text = "You said " + llm_request.contents[-1].parts[0].text
        await asyncio.sleep(0.01)
        yield LlmResponse(content=types.Content(role="model", parts=[types.Part(text=text)]))

async def main():
    runner = InMemoryRunner(agent=Agent(name="parrot", model=Parrot()), app_name="app")
    session = await runner.session_service.create_session(app_name="app", user_id="me")
    async for event in runner.run_async(
        user_id="me", session_id=session.id,
        new_message=types.Content(role="user", parts=[types.Part(text="hi")]),
    ):
        print(event.content.parts[0].text)

asyncio.run(main())
"""

AWAITED = ADK_SNIPPET.replace("asyncio.run(main())", "await main()")


class Kernel:
    """A kernel of JupyterLab's, and what its cells show."""

    def __init__(self, home, *arguments):
        self.manager = KernelManager(kernel_name="python3")
        environment = os.environ | {"IPYTHONDIR": str(home), "PYTHONPATH": str(HERE)}
        self.manager.start_kernel(env=environment, extra_arguments=list(arguments))
        self.client = self.manager.client()
        self.client.start_channels()
        self.client.wait_for_ready(timeout=60)

    def close(self):
        self.client.stop_channels()
        self.manager.shutdown_kernel(now=True)

    def until(self, ids, wanted=None):
        """Returns what the cells show, until all of them end or one shows what is wanted."""
        shown, ended, deadline = "", set(), time.monotonic() + 60
        while ended < set(ids) and not (wanted and wanted in shown):
            assert time.monotonic() < deadline, shown
            message = self.client.get_iopub_msg(timeout=60)
            if message["parent_header"].get("msg_id") not in ids:
                continue
            content = message["content"]
            match message["msg_type"]:
                case "stream":
                    shown += content["text"]
                case "execute_result" | "display_data":
                    shown += json.dumps(content["data"]) + "\n"
                case "error":
                    shown += "\n".join([*content["traceback"], ""])
                case "status" if content["execution_state"] == "idle":
                    ended.add(message["parent_header"]["msg_id"])
        return shown

    def run(self, *cells):
        """Sends all the cells at once, as "Run All" does; returns what they show."""
        options = {"store_history": False, "stop_on_error": False}
        return self.until([self.client.execute(textwrap.dedent(c), **options) for c in cells])


@pytest.fixture(scope="module")
def kernel(tmp_path_factory):
    """A kernel in which the extension is loaded, and what it showed before that."""
    made = Kernel(tmp_path_factory.mktemp("ipython"))
    made.before = [made.run(snippet) for snippet in (ADK_SNIPPET, AWAITED)]
    assert made.run("%load_ext adk_nb") == ""
    yield made
    made.close()


def test_an_adk_snippet_that_ends_in_asyncio_run_fails_before_and_works_after(kernel):
    run_before, awaited_before = kernel.before
    assert "asyncio.run() cannot be called from a running event loop" in run_before
    assert "You said" not in run_before
    assert "You said hi" in awaited_before
    for _ in range(2):
        assert "You said hi" in kernel.run(ADK_SNIPPET)
        assert "You said hi" in kernel.run(AWAITED)
        assert "already loaded" in kernel.run("%load_ext adk_nb")
        kernel.run("%reload_ext adk_nb")


def test_an_extension_in_the_kernels_configuration_works(tmp_path):
    kernel = Kernel(tmp_path, "--InteractiveShellApp.extensions=adk_nb")
    try:
        assert kernel.run("import asyncio; print(asyncio.run(asyncio.sleep(0, 7)))") == "7\n"
    finally:
        kernel.close()


PACKAGES = pytest.mark.parametrize("package", ["nest_asyncio", "nest_asyncio2"])


@pytest.mark.long
@PACKAGES
@pytest.mark.parametrize("order", ["before", "after"])
def test_a_notebook_may_apply_nest_asyncio_by_itself(package, order, tmp_path):
    pytest.importorskip(package)
    apply, load = f"import {package}; {package}.apply()", "%load_ext adk_nb"
    with contextlib.closing(Kernel(tmp_path)) as kernel:
        assert kernel.run(*([apply, load] if order == "before" else [load, apply])) == ""
        kernel.run(WAITING)
        shown = kernel.run("print(asyncio.run(put_off()))", "print('second')", "print('third')")
        assert shown.split() == ["came", "second", "third"]
        assert kernel.run(LEFT_IN_A_THREAD).split() == ["cancelled", "True"]
        assert "You said hi" in kernel.run(ADK_SNIPPET)
        shown = kernel.run(
            "from scripted import Scripted, echo",
            "%adk_talk Agent(name='teller', model=Scripted(echo))",
            "print(asyncio.run(live.say_async('one')).agent_text)",
            "live.close()",
        )
        assert "You said one." in shown


WAITING = """
    import asyncio
    async def put_off():
        "Waits until something else waits: for the cell's context, or in ipykernel 6's queue."
        waiting = getattr(get_ipython().kernel, "msg_queue", None)
        while not asyncio.get_running_loop()._nest_deferred and not (waiting and waiting.qsize()):
            await asyncio.sleep(0.01)
        return "came"
"""


@pytest.mark.parametrize("nested", ["put_off()", "twice()"])
def test_cells_that_wait_for_a_nested_run_are_not_lost(kernel, nested):
    kernel.run(WAITING, "async def twice(): return asyncio.run(put_off())")
    shown = kernel.run(f"print(asyncio.run({nested}))", "print('second')", "print('third')")
    assert shown.split() == ["came", "second", "third"]


def test_a_widgets_message_during_a_nested_run_is_not_lost(kernel):
    kernel.run(
        WAITING,
        """
        from comm import get_comm_manager
        get_comm_manager().register_target("told", lambda comm, message: print("heard"))
        """,
    )
    cell = kernel.client.execute("print('begun'); print(asyncio.run(put_off()))")
    assert "begun" in kernel.until([cell], wanted="begun")
    content = {"comm_id": "1", "target_name": "told", "data": {}}
    message = kernel.client.session.msg("comm_open", content)
    kernel.client.shell_channel.send(message)
    ids = [cell, message["header"]["msg_id"]]
    assert "heard" in kernel.until(ids, wanted="heard")


def test_an_interrupt_ends_a_nested_run_and_the_kernel_lives(kernel):
    code = """
    import asyncio
    async def main():
        try:
            print("begun")
            await asyncio.sleep(60)
        finally:
            await asyncio.sleep(0)
            print("cleaned up")
    asyncio.run(main())
    """
    cell = kernel.client.execute(textwrap.dedent(code), stop_on_error=False)
    shown = kernel.until([cell], wanted="begun")
    kernel.manager.interrupt_kernel()
    shown += kernel.until([cell])
    assert "cleaned up" in shown
    assert "KeyboardInterrupt" in shown
    assert kernel.run("print(asyncio.run(asyncio.sleep(0, 7)))") == "7\n"
    assert kernel.run("print(await asyncio.sleep(0, 8))") == "8\n"


LEFT_IN_A_THREAD = """
    import asyncio, threading
    async def main():
        async def lasting():
            try:
                await asyncio.sleep(60)
            finally:
                print("cancelled")
        loops.append((asyncio.get_running_loop(), asyncio.create_task(lasting())))
        await asyncio.sleep(0)
    loops = []
    thread = threading.Thread(target=asyncio.run, args=[main()])
    thread.start(); thread.join()
    print(loops[0][0].is_closed())
"""


def test_asyncio_run_in_a_thread_is_pythons_own(kernel):
    assert kernel.run(LEFT_IN_A_THREAD).split() == ["cancelled", "True"]


@pytest.mark.long
def test_what_the_kernel_lacks_is_told_once(tmp_path):
    cell = """
    from google.adk.agents import Agent
    from scripted import Scripted, echo
    import adk_nb, ipykernel
    lives = [adk_nb.talk(Agent(name="t", model=Scripted(echo))) for _ in range(2)]
    for live in lives: live.close()
    print("lacks" if ipykernel.version_info < (7,) else "has all")
    """
    with contextlib.closing(Kernel(tmp_path)) as kernel:
        shown = kernel.run(cell)
        assert shown.count("answers a page only between cells") == ("lacks\n" in shown)
        assert ("lacks\n" in shown) or ("has all\n" in shown)


def test_the_magics_beside_the_bridge(kernel):
    setup = """
    import asyncio, time
    from google.adk.agents import Agent
    from scripted import Scripted, call, said, echo, result_of, text_of, DONE
    def answer(came):
        result = result_of(came)
        if result is not None:
            return [said(f"It said {result['result']}."), DONE]
        return [call("slow")] if text_of(came) == "call" else echo(came)
    async def slow() -> str:
        "Awaits in a thread of ADK's, which runs it with asyncio.run()."
        await asyncio.sleep(0.01)
        return "done"
    agent = Agent(name="teller", model=Scripted(answer), tools=[slow])
    """
    assert kernel.run(setup) == ""
    assert "application/vnd.jupyter.widget-view+json" in kernel.run("%adk_talk agent")
    assert "You said hello." in kernel.run("%%adk_say live --timeout 30\nhello")
    assert "It said done." in kernel.run("%%adk_say\ncall")
    assert "You said one." in kernel.run("print(asyncio.run(live.say_async('one')).agent_text)")
    assert "You said two." in kernel.run("print((await live.say_async('two')).agent_text)")
    told = kernel.run("%%adk_say robot\nhello", "live.close()", "%%adk_say\nhello")
    assert "Run %adk_talk agent -n robot first." in told
    assert "Run %adk_talk agent again." in told
