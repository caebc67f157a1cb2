import gc
import weakref

import anywidget
import ipywidgets
from ipywidgets.widgets.widget import _instances

from adk_nb import ended_widget
from adk_nb.ended_widget import EndedWidget, take_over


class Shown(anywidget.AnyWidget):
    _esm = "export default {}"


def test_the_model_goes_on_with_what_was_said():
    widget = Shown()
    box, layout, model_id = ipywidgets.HBox([widget]), widget.layout, widget.model_id
    assert take_over(widget, "<p>hi</p>") == model_id
    left = _instances[model_id]
    assert isinstance(left, EndedWidget)
    assert (left.html, left.layout, left.comm.comm_id) == ("<p>hi</p>", layout, model_id)
    assert widget.comm is None
    assert box.children == (widget,)
    gone = weakref.ref(widget)
    box.close()
    del widget, box
    gc.collect()
    assert gone() is None


def test_the_oldest_are_closed(monkeypatch):
    monkeypatch.setattr(ended_widget, "_MOST", 2)
    ids = [take_over(Shown(), str(number)) for number in range(4)]
    assert [one in _instances for one in ids] == [False, False, True, True]
    assert [_instances[one].html for one in ids[2:]] == ["2", "3"]
