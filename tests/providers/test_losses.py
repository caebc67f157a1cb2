import socket

import pytest
from google.genai.errors import APIError
from service_errors import closed, refused
from websockets.exceptions import ConnectionClosedError

from adk_nb.providers.losses import is_loss, is_refused_handle

UNEXPLAINED = "Operation is not implemented, or supported, or enabled."


@pytest.mark.parametrize(
    ("error", "loss"),
    [
        *[(closed(code), True) for code in (1001, 1005, 1006, 1011, 1012, 1013, 1014)],
        *[(closed(code), False) for code in (1000, 1002, 1003, 1007, 1008, 1009, 1010, 4000)],
        (ConnectionClosedError(None, None), True),  # It broke without a word.
        (closed(1011, "Quota exceeded"), False),
        (APIError(1006, {"message": "gone"}), True),
        (APIError(1011, {"message": "You exceeded your QUOTA"}), False),
        (APIError(1008, {"message": "policy"}), False),
        (closed(1008, UNEXPLAINED), True),
        (APIError(1008, {"message": UNEXPLAINED}), True),
        (APIError(1007, {"message": UNEXPLAINED}), False),
        (APIError(503, {"message": "overloaded"}), False),
        (refused(499), False),
        (refused(500), True),
        (refused(503), True),
        (ConnectionResetError(), True),
        (TimeoutError(), True),
        (socket.gaierror(), True),
        (OSError(28, "No space left on device"), False),
        (ValueError("no connection"), False),
    ],
    ids=repr,
)
def test_what_may_pass_is_a_loss_and_what_was_refused_is_none(error, loss):
    assert is_loss(error) is loss


@pytest.mark.parametrize(
    ("error", "handle"),
    [
        (closed(1007, "Session expired"), True),
        (closed(1008, "BidiGenerateContent session not found"), True),
        (closed(1011, "session not found"), False),
        (closed(1008, "policy"), False),
        (ConnectionClosedError(None, None), False),
        (APIError(1008, {"message": "session not found"}), True),
        (APIError(404, {"message": "session not found"}), False),
        (ValueError("session not found"), False),
    ],
    ids=repr,
)
def test_a_handle_that_the_api_no_longer_knows(error, handle):
    assert is_refused_handle(error) is handle
