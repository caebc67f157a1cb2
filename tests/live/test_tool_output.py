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


def test_a_mebibyte_of_text_is_kept_to_the_character():
    one = silent()
    one.write("x" * (1 << 20))
    assert (len(one.text), one.cut) == (1 << 20, "")
    one.write("yz")
    one.write("")
    assert (len(one.text), one.cut) == (1 << 20, "\n… (2 more characters were not kept)")


def test_the_largest_image_has_four_mebibytes_and_eight_are_kept():
    one = silent()
    one.show({"image/png": "A" * (4 << 20)})
    for _ in range(8):
        one.show({"image/png": "AAAA"})
    text, images = one.take()
    assert (text, len(images), len(images[0])) == ("", 8, (4 << 20) + len("data:image/png;base64,"))
    one.show({"image/png": "AAAA"})
    assert one.take() == ("", [])  # Eight in all, taken or not.


def test_every_kind_of_image_is_shown_and_what_is_none_as_text():
    one = silent()
    for kind in ("png", "jpeg", "gif", "webp"):
        one.show({f"image/{kind}": "AAAA", "text/plain": "<Figure>"})
    one.show({"image/svg+xml": "<svg/>", "text/plain": "<SVG>"})
    one.show({"image/png": b"AAAA"})
    assert one.take() == (
        "<SVG>\n\n",
        [f"data:image/{kind};base64,AAAA" for kind in ("png", "jpeg", "gif", "webp")],
    )
    one.show({"image/gif": "BBBB", "image/png": "AAAA"})
    assert one.take() == ("", ["data:image/png;base64,AAAA"])


def test_it_is_told_of_an_image_once_until_it_is_taken():
    told = []
    one = Output(lambda: told.append(1))
    for _ in range(2):
        one.show({"image/png": "AAAA"})
    assert told == [1]
    one.take()
    one.show({"image/png": "AAAA"})
    assert told == [1, 1]


def test_what_echoes_is_printed_where_all_else_is_too(capsys):
    one = Output(lambda: None, echoes=True)

    def tool():
        tool_output.redirect(one)
        assert sys.stdout.write("one\n") == 4
        sys.stdout.writelines(["two\n", "three\n"])
        tool_output.redirect(None)
        print("four")

    with streams():
        contextvars.copy_context().run(tool)
    assert one.text == "one\ntwo\nthree\n"
    assert capsys.readouterr() == ("one\ntwo\nthree\nfour\n", "")


def test_a_process_without_a_stream_has_none_afterwards_either(monkeypatch):
    monkeypatch.setattr(sys, "stdout", None)
    before = sys.stderr
    Streams.install()
    assert sys.stdout is None
    assert sys.stderr is not before
    Streams.remove()
    assert (sys.stdout, sys.stderr) == (None, before)


def test_what_is_displayed_is_handed_on_whole_and_replaced_once(monkeypatch):
    from IPython.core.interactiveshell import InteractiveShell

    publisher = InteractiveShell.instance().display_pub
    shown = []
    monkeypatch.setattr(
        type(publisher),
        "publish",
        lambda self, data, *args, **more: shown.append((data, args, more)) or 7,
    )
    try:
        Streams.install()
        routed = vars(publisher)["publish"]
        Streams.install()
        assert vars(publisher)["publish"] is routed
        assert publisher.publish({"text/plain": "x"}, "source", transient={"id": 1}) == 7
        Streams.remove()
        Streams.remove()
        assert shown == [({"text/plain": "x"}, ("source",), {"transient": {"id": 1}})]
    finally:
        InteractiveShell.clear_instance()
