import gc
import os
import stat
import tempfile

import pytest
from hypothesis import given, settings, strategies as st

from adk_nb.audio import Clip
from adk_nb.log import sound_store
from adk_nb.log.sound_store import SoundStore

parts = st.lists(
    st.tuples(
        st.sampled_from(["user_audio", "agent_audio"]),
        st.integers(1, 4),
        st.binary(min_size=1, max_size=300).map(lambda b: b + b),
    ),
    max_size=60,
)


@given(parts)
@settings(max_examples=60)
def test_what_goes_in_comes_out_whether_in_memory_or_not(added):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sound_store, "MAX_MEMORY", 1000)
        store = SoundStore()
        whole: dict = {}
        for kind, turn, pcm in added:
            store.add(kind, turn, pcm, 16_000)
            whole[kind, turn] = whole.get((kind, turn), b"") + pcm
            assert store._in_memory <= 1000
        for (kind, turn), pcm in whole.items():
            assert store.clip(kind, turn).pcm == pcm
        assert store.clip("user_audio", 99).pcm == b""
        assert store.dropped == 0


def test_a_disk_that_takes_no_more_loses_the_oldest_and_counts_it(monkeypatch):
    monkeypatch.setattr(sound_store, "MAX_MEMORY", 10_000)

    def full(**_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(sound_store.tempfile, "TemporaryFile", full)
    store = SoundStore()
    for turn in range(1, 6):
        store.add("agent_audio", turn, bytes(4_000), 24_000)
    assert store.clip("agent_audio", 5).pcm == bytes(4_000)
    assert store.clip("agent_audio", 1).pcm == b""
    assert store.dropped == 20_000 - store._in_memory


def test_the_temporary_file_is_private_and_goes_with_the_store(monkeypatch):
    monkeypatch.setattr(sound_store, "MAX_MEMORY", 1000)
    store = SoundStore()
    store.add("agent_audio", 1, bytes(4_000), 24_000)
    file = store._file
    assert not file.closed
    assert stat.S_IMODE(os.fstat(file.fileno()).st_mode) & 0o077 == 0
    del store
    gc.collect()
    assert file.closed


def test_all_sound_is_told_oldest_first():
    store = SoundStore()
    store.add("user_audio", 1, b"\1\0", 16_000)
    store.add("agent_audio", 1, b"\2\0", 24_000)
    store.add("user_audio", 1, b"\3\0", 16_000)
    assert [(kind, turn, clip.pcm, clip.rate) for kind, turn, clip in store.all()] == [
        ("user_audio", 1, b"\1\0\3\0", 16_000), ("agent_audio", 1, b"\2\0", 24_000),
    ]  # fmt: skip


def test_memory_holds_the_newest_half_after_each_time_it_was_full(monkeypatch):
    monkeypatch.setattr(sound_store, "MAX_MEMORY", 1000)
    store = SoundStore()
    for turn in range(1, 11):
        store.add("user_audio", turn, bytes([turn]) * 200, 16_000)
    for turn in range(1, 11):
        assert store.clip("user_audio", turn).pcm == bytes([turn]) * 200
    assert [turn for _, turn, _ in store.all()] == list(range(1, 11))


class Disk:
    """A temporary file that fails while it is told to."""

    def __init__(self, file):
        self.file, self.full = file, False

    def __getattr__(self, name):
        return getattr(self.file, name)

    def write(self, data):
        if self.full:
            raise OSError(28, "No space left on device")
        return self.file.write(data)

    def read(self, length):
        if self.full:
            raise OSError(5, "Input/output error")
        return self.file.read(length)


def test_a_disk_that_recovers_is_used_again(monkeypatch, caplog):
    monkeypatch.setattr(sound_store, "MAX_MEMORY", 1000)
    disk = Disk(tempfile.TemporaryFile())  # noqa: SIM115 - it goes with the store
    monkeypatch.setattr(sound_store.tempfile, "TemporaryFile", lambda **_: disk)
    store = SoundStore()
    for turn in range(1, 10):
        disk.full = 4 <= turn <= 6
        store.add("user_audio", turn, bytes([turn]) * 1100, 16_000)
    disk.full = False
    kept = [store.clip("user_audio", turn).pcm for turn in range(1, 10)]
    assert kept == [
        b"" if 4 <= turn <= 6 else bytes([turn]) * 1100 for turn in range(1, 10)
    ]  # fmt: skip
    assert store.dropped == 3300
    assert len(caplog.messages) == 1  # It is told once.
    disk.full = True
    assert store.clip("user_audio", 1).pcm == b""


def test_what_is_forgotten_is_nowhere_and_the_rest_stays(monkeypatch):
    monkeypatch.setattr(sound_store, "MAX_MEMORY", 400)
    store = SoundStore()
    for _ in range(3):
        store.add("agent_audio", 1, b"\x07\x07" * 100, 16_000)
        store.add("agent_audio", 2, b"\x05\x05" * 100, 16_000)
    store.forget("agent_audio", 1)
    store.forget("agent_audio", 3)
    assert store.clip("agent_audio", 1).pcm == b""
    assert store.clip("agent_audio", 2).pcm == b"\x05\x05" * 300
    assert [turn for _, turn, _ in store.all()] == [2]
    assert store._file is not None
    store._file.seek(0)
    assert b"\x07" not in store._file.read()
    store.add("agent_audio", 1, b"\x01\x01", 16_000)
    assert store.clip("agent_audio", 1).pcm == b"\x01\x01"


def test_the_end_of_a_long_sound_is_read_alone(monkeypatch):
    monkeypatch.setattr(sound_store, "MAX_MEMORY", 3000)
    store = SoundStore()
    whole = bytes(range(250)) * 40
    for start in range(0, len(whole), 500):
        store.add("user_audio", 1, whole[start : start + 500], 1000)
    for n_bytes in (0, 2, 400, 2600, 5000, 10_000):
        assert store.end("user_audio", 1, n_bytes / 2000).pcm == whole[len(whole) - n_bytes :]
    assert store.end("user_audio", 1, 99.0).pcm == whole
    assert store.end("user_audio", 2, 1.0).pcm == b""
    store.add("user_audio", 1, b"ab", 2000)
    assert store.end("user_audio", 1, 1.0) == Clip(b"ab", 2000)


def test_sound_goes_to_the_file_past_16_mib_and_half_of_it_stays_in_memory():
    store, part = SoundStore(), bytes(1 << 20)
    for turn in range(1, 17):
        store.add("user_audio", turn, part, 16_000)
    assert store._file is None
    store.add("user_audio", 17, b"\1\0", 16_000)
    assert store._file is not None
    # The oldest that it takes to come down to 8 MiB: nine, as the last is two bytes more.
    in_memory = [bool(kept.tail) for (kept,) in store._kept.values()]
    assert in_memory == [False] * 9 + [True] * 8


def test_what_was_forgotten_takes_no_memory(monkeypatch):
    monkeypatch.setattr(sound_store, "MAX_MEMORY", 1000)
    store = SoundStore()
    for turn in range(1, 20):
        store.add("user_audio", turn, bytes(900), 16_000)
        store.forget("user_audio", turn)
    assert store._file is None
    store.add("user_audio", 20, bytes(1000), 16_000)
    assert store._file is None


def test_what_can_be_spilled_in_part_is_no_more_than_half(monkeypatch):
    monkeypatch.setattr(sound_store, "MAX_MEMORY", 1000)
    store = SoundStore()
    for turn in range(1, 5):
        store.add("user_audio", turn, bytes(250), 16_000)
    store.add("user_audio", 5, bytes(250), 16_000)
    # Half is exactly what is left when three are gone.
    assert [bool(kept.tail) for (kept,) in store._kept.values()] == [False] * 3 + [True] * 2


def test_the_end_of_a_sound_reads_no_more_of_the_file_than_it_is(monkeypatch):
    monkeypatch.setattr(sound_store, "MAX_MEMORY", 1000)
    store, reads = SoundStore(), []
    for number in range(5):
        store.add("user_audio", 1, bytes([number]) * 1002, 1000)
    read = store._read
    monkeypatch.setattr(store, "_read", lambda *span: reads.append(span) or read(*span))
    assert store.end("user_audio", 1, 0.6).pcm == b"\3" * 198 + b"\4" * 1002
    assert reads == [(4 * 1002, 1002), (4 * 1002 - 198, 198)]
