"""ADK's queue to a live agent, with a bound, which notices when a model takes from it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Protocol

from google.adk.agents.live_request_queue import LiveRequest, LiveRequestQueue

if TYPE_CHECKING:
    from collections import deque
    from collections.abc import Iterable

    from google.genai import types

MAX_WAITING_AUDIO = 250
"""How many microphone frames of 20 ms may wait for the model: 5 s."""


class _AudioBounded(asyncio.Queue[LiveRequest]):
    """A queue that drops its oldest audio past a bound, but no text and no signals.

    It holds one picture, the newest.
    """

    dropped = 0
    _waiting = 0
    _queue: deque[LiveRequest]

    def _put(self, item: LiveRequest) -> None:
        if _is_picture(item):
            for earlier in [one for one in self._queue if _is_picture(one)]:
                self._queue.remove(earlier)
        elif item.blob is not None:
            self._waiting += 1
            if self._waiting > MAX_WAITING_AUDIO:
                self._drop_oldest()
        self._queue.append(item)

    def _get(self) -> LiveRequest:
        item = self._queue.popleft()
        if item.blob is not None and not _is_picture(item):
            self._waiting -= 1
        return item

    def items(self) -> list[LiveRequest]:
        """Returns what waits, oldest first."""
        return list(self._queue)

    def _drop_oldest(self) -> None:
        found = (i for i, one in enumerate(self._queue) if one.blob and not _is_picture(one))
        del self._queue[next(found)]
        self._waiting -= 1
        self.dropped += 1


def _is_picture(request: LiveRequest) -> bool:
    return request.blob is not None and (request.blob.mime_type or "").startswith("image/")


class QueueUser(Protocol):
    """Gets the notifications of a `RequestQueue`."""

    def queue_taken(self, queue: RequestQueue, *, again: bool) -> None:
        """A model is connected and takes requests; `again` if another one did before."""

    def queue_left(self, queue: RequestQueue, error: BaseException | None) -> None:
        """The connection has ended, or sending to it has failed."""

    def queue_answered(self, content: types.Content) -> None:
        """A tool's response is being sent to the model."""

    def queue_told(self, content: types.Content) -> None:
        """A model takes a content."""


class RequestQueue(LiveRequestQueue):
    """ADK's queue to a live agent, with a bound on the audio that waits in it.

    Args:
        user: Gets the notifications.
    """

    def __init__(self, user: QueueUser | None = None) -> None:
        super().__init__()
        self._user = user
        self._sender: asyncio.Task[Any] | None = None
        # ADK's queue has no bound and no option for one.
        self._bounded = _AudioBounded()
        self._queue = self._bounded

    @property
    def used(self) -> bool:
        """Whether a model has taken from it."""
        return self._sender is not None

    def reset(self) -> None:
        """Prepares it for a new run."""
        self._sender = None

    @property
    def dropped(self) -> int:
        """How many microphone frames were dropped because the model did not take them."""
        return self._bounded.dropped

    async def get(self) -> LiveRequest:
        """Returns the next request; ADK calls it in a new task for each connection."""
        sender = asyncio.current_task()
        if self._user is not None and sender is not None and sender is not self._sender:
            again = self._sender is not None
            self._sender = sender
            sender.add_done_callback(self._sender_ended)
            self._user.queue_taken(self, again=again)
        request = await super().get()
        if self._user is not None and request.content is not None:
            self._user.queue_told(request.content)
        return request

    def _sender_ended(self, sender: asyncio.Task[Any]) -> None:
        if self._user is not None and sender is self._sender:
            self._user.queue_left(self, None if sender.cancelled() else sender.exception())

    def send_content(self, content: types.Content, partial: bool = False) -> None:
        """Sends content; announces a tool's response, as a streaming tool's has no event."""
        if self._user is not None and content.parts and content.parts[0].function_response:
            self._user.queue_answered(content)
        super().send_content(content, partial=partial)

    @property
    def waiting(self) -> list[LiveRequest]:
        """The requests that no model has taken yet."""
        return self._bounded.items()

    def take_back(self, text: str) -> bool:
        """Removes a typed text that no model has taken yet; returns whether there was one."""
        waiting = self.waiting
        kept = [one for one in waiting if not _says(one, text)]
        if len(kept) == len(waiting):
            return False
        self.send_first(kept, instead=True)
        return True

    def send_first(self, requests: Iterable[LiveRequest], *, instead: bool = False) -> None:
        """Puts requests before those that wait, or `instead` of them."""
        waiting = []
        while not self._bounded.empty():
            waiting.append(self._bounded.get_nowait())
        for request in requests if instead else (*requests, *waiting):
            self._bounded.put_nowait(request)


def _says(request: LiveRequest, text: str) -> bool:
    parts = (request.content.parts or ()) if request.content is not None else ()
    return any(part.text == text for part in parts)
