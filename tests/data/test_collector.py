import gc
import threading
import weakref

import pytest

from adk_nb.data.collector import paused, sweep


@pytest.fixture(autouse=True)
def _on():
    assert gc.isenabled()
    yield
    gc.enable()


def test_it_is_off_within_and_on_again_after_errors_too():
    with pytest.raises(KeyError), paused():
        assert not gc.isenabled()
        with paused():
            assert not gc.isenabled()
        assert not gc.isenabled()
        raise KeyError
    assert gc.isenabled()


def test_one_that_was_off_stays_off():
    gc.disable()
    with paused():
        assert not gc.isenabled()
    assert not gc.isenabled()


def test_it_is_on_again_after_the_last_of_several_threads():
    inside, leave = threading.Event(), threading.Event()

    def other():
        with paused():
            inside.set()
            leave.wait(10)

    thread = threading.Thread(target=other)
    with paused():
        thread.start()
        assert inside.wait(10)
    assert not gc.isenabled()
    leave.set()
    thread.join()
    assert gc.isenabled()


def test_a_sweep_frees_what_holds_itself():
    class Node:
        pass

    with paused():
        node = Node()
        node.itself = node
        gone = weakref.ref(node)
        del node
        assert gone() is not None
        sweep()
        assert gone() is None
