"""ADK's queue to a live agent, with a bound, which notices when a model takes from it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Protocol

from google.adk.agents.live_request_queue import LiveRequest, LiveRequestQueue
from google.genai import types

from adk_nb.audio import MICROPHONE_RATE

if TYPE_CHECKING:
    from collections import deque
    from collections.abc import Iterable

MAX_WAITING_MS = 5000
"""How much microphone audio may wait for the model (ms), however it is cut into frames."""
_MAX_WAITING = MAX_WAITING_MS * MICROPHONE_RATE // 1000 * 2
"""The same in bytes."""


class _AudioBounded(asyncio.Queue[LiveRequest]):
    """A queue that drops its oldest audio past a bound, but no text and no signals.

    It holds one picture, the newest.
    """

    dropped = 0
    # Bytes of the audio that waits.
    _waiting = 0
    _queue: deque[LiveRequest]

    def _put(self, item: LiveRequest) -> None:
        if _is_picture(item):
            for earlier in [one for one in self._queue if _is_picture(one)]:
                self._queue.remove(earlier)
        self._queue.append(item)
        self._waiting += _audio_bytes(item)
        while self._waiting > _MAX_WAITING:
            self._drop_oldest()

    def _get(self) -> LiveRequest:
        item = self._queue.popleft()
        self._waiting -= _audio_bytes(item)
        return item

    def items(self) -> list[LiveRequest]:
        """Returns what waits, oldest first."""
        return list(self._queue)

    def _drop_oldest(self) -> None:
        oldest = next(i for i, one in enumerate(self._queue) if _audio_bytes(one))
        self._waiting -= _audio_bytes(self._queue[oldest])
        del self._queue[oldest]
        self.dropped += 1


def _is_picture(request: LiveRequest) -> bool:
    return request.blob is not None and (request.blob.mime_type or "").startswith("image/")


def _audio_bytes(request: LiveRequest) -> int:
    if request.blob is None or _is_picture(request):
        return 0
    return len(request.blob.data or b"")


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
        if self._user is not None and _has_result(content):
            self._user.queue_answered(content)
        super().send_content(content, partial=partial)

    def send_text(self, text: str) -> None:
        """Sends a text as the user's."""
        self.send_content(users(text))

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

    def drop_results(self) -> None:
        """Removes the tools' results that no model has taken: the next one knows no such call."""
        self.send_first([one for one in self.waiting if not _has_result(one.content)], instead=True)

    def send_first(self, requests: Iterable[LiveRequest], *, instead: bool = False) -> None:
        """Puts requests before those that wait, or `instead` of them."""
        waiting = []
        while not self._bounded.empty():
            waiting.append(self._bounded.get_nowait())
        for request in requests if instead else (*requests, *waiting):
            self._bounded.put_nowait(request)


def users(text: str) -> types.Content:
    """Returns a text as the user's."""
    return types.Content(role="user", parts=[types.Part(text=text)])


def _has_result(content: types.Content | None) -> bool:
    parts = (content.parts or ()) if content is not None else ()
    return any(part.function_response is not None for part in parts)


def _says(request: LiveRequest, text: str) -> bool:
    parts = (request.content.parts or ()) if request.content is not None else ()
    return any(part.text == text for part in parts)
