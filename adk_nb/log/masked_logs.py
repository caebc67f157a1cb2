"""Masks secrets in what this package and ADK write to Python's log while a session is open."""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from adk_nb.log.redaction import Redactor

_LOGGERS = ("adk_nb", "google_adk", "google_genai")

_lock = threading.Lock()
_redactors: list[Redactor] = []


class _Factory:
    """Makes records, and masks them; in the place of the factory before it."""

    def __init__(self) -> None:
        self.before = logging.getLogRecordFactory()

    def __call__(self, *args: Any, **options: Any) -> logging.LogRecord:
        record = self.before(*args, **options)
        if record.name.partition(".")[0] in _LOGGERS:
            for redact in _redactors[:]:
                _mask(record, redact)
        return record


def install(redact: Redactor) -> None:
    """Masks what a session's redactor knows, until it is removed."""
    with _lock:
        _redactors.append(redact)
        if not isinstance(logging.getLogRecordFactory(), _Factory):
            logging.setLogRecordFactory(_Factory())


def remove(redact: Redactor) -> None:
    """Ends it for a session; with the last one the factory of before is back."""
    with _lock:
        if redact in _redactors:
            _redactors.remove(redact)
        factory = logging.getLogRecordFactory()
        # One that was set meanwhile, around ours, stays.
        if not _redactors and isinstance(factory, _Factory):
            logging.setLogRecordFactory(factory.before)


def _mask(record: logging.LogRecord, redact: Redactor) -> None:
    redact.refresh()
    try:
        said = record.getMessage()
    except Exception:
        return  # Its handler says that the arguments do not fit.
    masked = redact(said)
    if masked != said:
        record.msg, record.args = masked, ()
    if record.exc_info:
        shown = record.exc_text or logging.Formatter().formatException(record.exc_info)
        masked = redact(shown)
        if masked != shown:
            record.exc_text = masked  # A formatter shows it in place of the traceback.
