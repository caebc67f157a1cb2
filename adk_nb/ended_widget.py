"""What is left of a widget whose conversation has ended, where its output cannot be replaced.

A cell's output is replaced by its display id, which a page forgets when it is loaded anew or the
cell is moved; and within a box of widgets there is none. There the same model goes on as a widget
that shows the transcript and nothing else.
"""

from __future__ import annotations

from collections import deque

import anywidget
import traitlets
from ipywidgets.widgets.widget import _instances

_MOST = 32
"""How many are kept in a kernel; the oldest are closed."""

_kept: deque[EndedWidget] = deque()


class EndedWidget(anywidget.AnyWidget):
    """A transcript, as a notebook keeps it: HTML without scripts."""

    _esm = """
export default {
  render({ model, el }) {
    el.innerHTML = model.get("html");
  },
};
"""

    html = traitlets.Unicode().tag(sync=True)


def take_over(widget: anywidget.AnyWidget, html: str) -> str:
    """Puts a transcript in the place of an open widget, in every view of it.

    Args:
        widget: The widget; it is closed, and its pages do not know.
        html: The transcript.

    Returns:
        The id of its model.
    """
    comm, widget.comm = widget.comm, None
    _instances.pop(comm.comm_id, None)
    left = EndedWidget(comm=comm, html=html, layout=widget.layout)
    left.send_state()
    _kept.append(left)
    while len(_kept) > _MOST:
        _kept.popleft().close()
    return str(comm.comm_id)
