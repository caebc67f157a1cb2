import os
import stat
import sys

import pytest

from adk_nb.private_files import make_folder, open_private

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such modes")


@pytest.fixture(autouse=True)
def _a_generous_umask():
    before = os.umask(0)
    yield
    os.umask(before)


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)


def test_a_new_file_is_private_when_it_is_made(tmp_path):
    path = tmp_path / "file"
    with open_private(path, "a", encoding="utf-8") as file:
        assert mode(path) == 0o600
        file.write("ü")
    assert path.read_bytes() == "ü".encode()


def test_a_file_that_was_there_keeps_its_mode(tmp_path):
    path = tmp_path / "file"
    path.touch()
    path.chmod(0o644)
    with open_private(path, "wb") as file:
        file.write(b"x")
    assert mode(path) == 0o644


def test_new_folders_are_private_and_others_keep_their_mode(tmp_path):
    tmp_path.chmod(0o755)
    make_folder(tmp_path / "a" / "b" / "c")
    assert mode(tmp_path) == 0o755
    assert [mode(tmp_path / path) for path in ("a", "a/b", "a/b/c")] == [0o700] * 3


def test_a_folder_is_made_but_once(tmp_path):
    with pytest.raises(FileExistsError):
        make_folder(tmp_path)
