import asyncio
import contextlib
import contextvars
import io
import sys
import threading

from adk_nb.live import tool_output
from adk_nb.live.tool_output import MAX_TEXT, Output, Streams


@contextlib.contextmanager
def streams():
    # No fixture: pytest puts other streams in place between a test's set-up and the test.
    Streams.install()
    yield
    Streams.remove()


def silent():
    return Output(lambda: None)


def test_text_is_taken_once_and_kept():
    told = []
    one = Output(lambda: told.append(1))
    one.write("a")
    one.write("b")
    assert told == [1]  # Until it is taken.
    assert one.take() == ("ab", [])
    one.write("c")
    assert told == [1, 1]
    assert one.take() == ("c", [])
    assert one.text == "abc"


def test_past_a_bound_text_is_counted():
    one = silent()
    one.write("x" * (MAX_TEXT - 1))
    one.write("yyy")
    assert len(one.take()[0]) == MAX_TEXT
    assert one.text.endswith("xy")
    assert one.cut == "\n… (2 more characters were not kept)"


def test_images_are_kept_up_to_a_bound_and_the_rest_as_text():
    one = silent()
    for _ in range(tool_output.MAX_IMAGES + 3):
        one.show({"image/png": "AA\nAA", "text/plain": "<Figure>"})
    one.show({"image/png": "A" * (tool_output.MAX_IMAGE + 1), "text/plain": "<Huge>"})
    one.show({"text/html": "<b>x</b>", "text/plain": "x"})
    text, images = one.take()
    assert images == ["data:image/png;base64,AAAA"] * tool_output.MAX_IMAGES
    assert text == "<Huge>\nx\n"


def test_only_its_own_context_is_redirected(capsys):
    mine = silent()

    def tool():
        tool_output.redirect(mine)
        print("mine")
        print("error", file=sys.stderr)

    context = contextvars.copy_context()
    thread = threading.Thread(target=context.run, args=(tool,))
    with streams():
        thread.start()
        thread.join()
        print("a cell's")
    assert mine.text == "mine\nerror\n"
    assert capsys.readouterr() == ("a cell's\n", "")


async def test_tasks_keep_apart():
    async def tool(name):
        one = silent()
        tool_output.redirect(one)
        for _ in range(3):
            print(name)
            await asyncio.sleep(0)
        return one.text

    with streams():
        assert await asyncio.gather(tool("a"), tool("b")) == ["a\n" * 3, "b\n" * 3]


def test_streams_are_as_they_were_afterwards_but_for_what_a_cell_replaced():
    before = sys.stdout
    Streams.install()
    Streams.install()
    assert sys.stdout.encoding == before.encoding
    sys.stdout.writelines(["", ""])
    Streams.remove()
    assert sys.stdout is not before
    Streams.remove()
    assert sys.stdout is before
    Streams.install()
    sys.stdout = mine = io.StringIO()
    Streams.remove()
    assert sys.stdout is mine
    sys.stdout = before


def test_display_is_redirected_too(monkeypatch):
    from IPython.core.interactiveshell import InteractiveShell
    from IPython.display import display

    shell = InteractiveShell.instance()
    shown = []
    monkeypatch.setattr(
        type(shell.display_pub), "publish", lambda self, data, **_: shown.append(data)
    )
    try:
        Streams.install()
        mine = silent()

        def tool():
            tool_output.redirect(mine)
            display({"a": 1})

        contextvars.copy_context().run(tool)
        display("a cell's")
        Streams.remove()
        assert mine.text == "{'a': 1}\n"
        assert shown == [{"text/plain": '"a cell\'s"'}]
        assert "publish" not in vars(shell.display_pub)
    finally:
        InteractiveShell.clear_instance()
