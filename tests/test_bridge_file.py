import json
import os
import stat
import subprocess
import sys

import pytest

from adk_nb import bridge_file

posix = pytest.mark.skipif(os.name != "posix", reason="modes are POSIX's")


def test_it_is_written_for_its_owner_and_read_back(tmp_path):
    path = bridge_file.path_of(tmp_path, "a1-b2")
    before = os.umask(0)
    try:
        bridge_file.write(path, 40_000)
    finally:
        os.umask(before)
    assert path == tmp_path / "adk-nb-a1-b2.json"
    assert bridge_file.read(path) == 40_000
    if os.name == "posix":
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    bridge_file.write(path, 50_000)
    assert bridge_file.read(path) == 50_000
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(
    "kernel_id", ["", "..", "../x", "a/b", "a\\b", "a.b", "-x", "ä", "x" * 101]
)
def test_an_id_that_is_none_names_no_file(tmp_path, kernel_id):
    with pytest.raises(ValueError, match="no kernel's id"):
        bridge_file.path_of(tmp_path, kernel_id)


@pytest.mark.parametrize(
    "said",
    [{}, [], 1, {"port": "80"}, {"port": True}, {"port": 22}, {"port": 65_536}, {"port": 1.5}],
)
def test_a_port_that_is_none_is_not_taken(tmp_path, said):
    path = tmp_path / "file"
    path.write_text(json.dumps(said))
    path.chmod(0o600)
    with pytest.raises(ValueError, match="no port"):
        bridge_file.read(path)


def test_a_file_that_is_too_long_or_no_json_is_not_taken(tmp_path):
    path = tmp_path / "file"
    for text in ("", "{", "[40000]", "40000", '{"port": 40000, "more": "' + "x" * 300 + '"}'):
        path.write_text(text)
        path.chmod(0o600)
        with pytest.raises(ValueError):
            bridge_file.read(path)


@posix
@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o602, 0o610, 0o601])
def test_a_file_that_others_may_use_is_not_read(tmp_path, mode):
    path = tmp_path / "file"
    bridge_file.write(path, 40_000)
    path.chmod(mode)
    with pytest.raises(PermissionError, match="others"):
        bridge_file.read(path)


@posix
@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_a_file_of_another_user_is_not_read(tmp_path):
    path = tmp_path / "file"
    bridge_file.write(path, 40_000)
    os.chown(path, 12_345, -1)
    with pytest.raises(PermissionError, match="another user"):
        bridge_file.read(path)


@posix
def test_links_pipes_and_folders_are_not_read(tmp_path):
    target = tmp_path / "target"
    bridge_file.write(target, 40_000)
    link, pipe, folder = tmp_path / "link", tmp_path / "pipe", tmp_path / "folder"
    link.symlink_to(target)
    os.mkfifo(pipe, 0o600)
    folder.mkdir()
    for path in (link, pipe, folder, tmp_path / "missing"):
        with pytest.raises(OSError):
            bridge_file.read(path)


def test_asking_for_it_imports_no_kernel():
    code = (
        "import sys; from adk_nb import bridge_file; print(bridge_file.own_path())\n"
        "print([name for name in sys.modules if name.startswith(('ipykernel', 'comm'))])"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.split("\n")[:2] == ["None", "[]"]


def test_a_process_that_is_no_kernel_has_none():
    assert bridge_file.own_path() is None
    assert bridge_file.own_kernel_id() == ""


def test_a_kernel_whose_connection_file_has_another_name_has_none(monkeypatch, tmp_path):
    for name, own in (
        ("kernel-a1-b2.json", "a1-b2"),
        ("kernel-123.json", "123"),
        ("mine.json", ""),
        ("kernel-a.b.json", ""),
    ):
        monkeypatch.setattr(bridge_file, "_connection_file", lambda name=name: tmp_path / name)
        assert bridge_file.own_kernel_id() == own
        assert (bridge_file.own_path() is None) == (own == "")
