import gc
import os
import stat

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

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
