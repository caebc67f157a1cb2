import contextlib
import json
import os
import random
import signal
import stat
import struct
import subprocess
import sys
import threading
import time
import tracemalloc
import wave
from pathlib import Path

import pytest
from google.adk.agents import Agent
from hypothesis import HealthCheck, given, settings, strategies as st
from logs import read_recording
from scripted import Scripted, echo
from sessions import wait_for

import adk_nb
from adk_nb import LiveSession
from adk_nb.exceptions import AdkNbError, RecordingError
from adk_nb.log import recording
from adk_nb.log.event_log import EventLog
from adk_nb.log.recording import EVENTS, RecordingWriter, folder_of, save, wav_files
from adk_nb.log.recording_reader import MAX_WARNINGS, find_recordings


def filled() -> EventLog:
    log = EventLog("abc123")
    log.add("client", "user_text", turn=1, author="user", text="hi – ünïcode\n", final=True)
    log.add("adk", "tool_call", turn=1, tool="t", tool_call_id="c", args={"a": [1, None]})
    log.add("adk", "tool_result", turn=1, tool="t", tool_call_id="c", result={"x": 1.5})
    for _ in range(3):
        log.add_audio("adk", "agent_audio", 1, b"\x01\x00" * 480, 24_000)
        log.add_audio("client", "user_audio", 2, b"\x02\x00" * 320, 16_000)
    log.add("adk", "turn_complete", turn=1, turn_complete=True)
    return log


def same(read, log):
    assert read.session_id == log.session_id
    assert list(read) == list(log)
    for kind in ("user_audio", "agent_audio"):
        for turn in (1, 2, 3):
            assert read.clip(kind, turn) == log.clip(kind, turn)


def test_what_was_saved_is_read(tmp_path):
    log = filled()
    path = save(log, tmp_path / "deep" / "er")
    assert path.parent == tmp_path / "deep" / "er"
    same(read_recording(path), log)
    same(read_recording(path / EVENTS), log)
    assert log.sinks == []


def test_the_tags_of_a_session_are_read_and_in_every_frame(tmp_path, monkeypatch):
    monkeypatch.setenv("PILOT_TOKEN", "wordsofmine")
    tags = {"arm": "B", "note": "wordsofmine"}
    kept = {"arm": "B", "note": "[PILOT_TOKEN]"}
    with LiveSession(Agent(name="a", model=Scripted(echo)), record=tmp_path, tags=tags) as live:
        live.say("hi")
        assert live.log.tags == kept
        assert list(live.turns_df("tags").tags) == [kept]
    with LiveSession(Agent(name="a", model=Scripted(echo)), record=tmp_path) as untagged:
        untagged.say("hi")
    assert list(adk_nb.turns_df(tmp_path, "tags").tags) == [kept, {}]
    assert list(adk_nb.transcript_df(tmp_path, "tags").tags) == [kept, kept, {}, {}]
    events = adk_nb.events_df(tmp_path, ["run_id", "tags"], json=True)
    assert set(events.tags) == {'{"arm": "B", "note": "[PILOT_TOKEN]"}', "{}"}


@pytest.mark.parametrize("tags", [["B"], {"arm": 2}, {2: "B"}, {"a": "x" * 1001}, "arm=B"])
def test_what_are_no_tags_is_refused(tags):
    with pytest.raises(AdkNbError, match="are no tags") as refused:
        LiveSession(Agent(name="a", model=Scripted(echo)), tags=tags)
    assert refused.value.code == "bad_option"


def test_what_comes_while_it_records_is_read(tmp_path, monkeypatch):
    monkeypatch.setattr(recording, "FLUSH_S", 0.02)
    log = EventLog("s")
    writer = RecordingWriter(tmp_path, log)
    for turn in range(1, 8):
        log.add("client", "user_text", turn=turn, text=str(turn))
        for _ in range(5):
            log.add_audio("adk", "agent_audio", turn, os.urandom(960), 24_000)
            time.sleep(0.01)
    writer.close()
    read = read_recording(writer.path)
    assert list(read) == list(log)
    for turn in range(1, 8):
        assert read.clip("agent_audio", turn) == log.clip("agent_audio", turn)
    # Growing rows were written more than once: the file is only ever appended to.
    lines = (writer.path / EVENTS).read_text().splitlines()
    assert len(lines) > len(log) + 1


@pytest.mark.parametrize(
    ("session_id", "name"),
    [
        ("monday-3.2@lab", "monday-3.2@lab"),
        ("a/../b\\c", "a_.._b_c"),
        ('10:30 "now"?', "10_30__now__"),
        ("größe…", "größe_"),
        ("the end..", "the_end"),
        ("x" * 300, "x" * 100),
    ],
)
def test_every_session_id_makes_a_folder_that_every_system_takes(tmp_path, session_id, name):
    log = EventLog(session_id)
    log.add("client", "mic_on")
    folder = save(log, tmp_path)
    assert folder.parent == tmp_path
    assert folder.name.partition("-")[2] == name
    assert read_recording(tmp_path).session_id == session_id


def test_others_can_read_it(tmp_path):
    path = save(filled(), tmp_path)
    lines = [json.loads(line) for line in (path / EVENTS).read_text("utf-8").splitlines()]
    assert lines[0]["format"] == "adk-nb.recording"
    assert lines[0]["version"] == 1
    assert [line["seq"] for line in lines[1:]] == list(range(6))
    with wave.open(str(path / "0001-agent.wav")) as file:
        assert (file.getframerate(), file.getnchannels(), file.getnframes()) == (24_000, 1, 1440)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such modes")
def test_recordings_are_the_owners_alone(tmp_path, monkeypatch):
    made = []
    for name in ("open", "mkdir"):
        real = getattr(os, name)

        def seen(path, *args, real=real, **options):
            result = real(path, *args, **options)
            if tmp_path in Path(os.fsdecode(path)).parents:
                made.append((Path(path), stat.S_IMODE(Path(path).stat().st_mode)))
            return result

        monkeypatch.setattr(os, name, seen)
    before = os.umask(0)
    try:
        tmp_path.chmod(0o755)
        theirs = tmp_path / "theirs"
        theirs.mkdir(mode=0o755)
        made.clear()
        saved = save(filled(), theirs / "ours")
        writer = RecordingWriter(theirs, filled())
        writer.close()
        clip = filled().clip("agent_audio", 1).save(tmp_path / "clip.wav")
    finally:
        os.umask(before)
    monkeypatch.undo()
    assert stat.S_IMODE(theirs.stat().st_mode) == 0o755
    files = [file for folder in (saved, writer.path) for file in folder.iterdir()]
    assert len(files) == 2 * 3
    # As they were when they were made, and as they are now.
    for path, mode in [*made, *((p, stat.S_IMODE(p.stat().st_mode)) for p, _ in made)]:
        assert mode == (0o700 if path.is_dir() else 0o600), path
    assert {path for path, _ in made} == {theirs / "ours", saved, writer.path, clip, *files}


def test_a_session_records_itself(tmp_path):
    agent = Agent(name="a", model=Scripted(echo))
    with LiveSession(agent, record=tmp_path) as session:
        session.say("hi")
        assert session.recording.parent == tmp_path
    read = read_recording(tmp_path)
    assert list(read) == list(session.log)
    assert read.clip("agent_audio", 1) == session.turns[0].audio
    again = session.save(tmp_path / "again")
    assert list(read_recording(again)) == list(session.log)


def test_a_folder_that_cannot_be_written_to_is_told_at_once(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(RecordingError, match="cannot be written") as error:
        LiveSession(Agent(name="a", model=Scripted(echo)), record=tmp_path / "file")
    assert error.value.remedy


def test_a_full_disk_stops_the_recording_and_not_the_conversation(tmp_path, monkeypatch):
    monkeypatch.setattr(recording, "FLUSH_S", 0.02)
    agent = Agent(name="a", model=Scripted(echo))
    with LiveSession(agent, record=tmp_path) as session:
        session.say("one")

        def full(*_):
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(RecordingWriter, "_flush", full)
        session.say("two")
        wait_for(lambda: [row for row in session.log if row.kind == "error"])
        assert session.say("three").agent_text == "You said three."
    (error,) = [row.error for row in session.log if row.kind == "error"]
    assert "No space left" in error
    assert "live.save" in error
    monkeypatch.undo()
    assert list(read_recording(session.save(tmp_path / "saved"))) == list(session.log)


def test_damaged_lines_are_named_and_the_rest_is_read(tmp_path):
    log = filled()
    path = save(log, tmp_path)
    file = path / EVENTS
    lines = file.read_bytes().splitlines(keepends=True)
    lines[2] = b'{"seq": 1, "kind": "tool_ca\n'
    lines[3] = b"\xff\xfe\x00garbage\n"
    lines[4] = b'["no", "object"]\n'
    file.write_bytes(b"".join(lines)[:-5])
    with pytest.warns(UserWarning, match=rf"{EVENTS}, line") as warned:
        read = read_recording(path)
    assert [row.seq for row in read] == [0, 4]
    assert [int(str(w.message).split("line ")[1].split(":")[0]) for w in warned] == [3, 4, 5, 7]


def test_a_damaged_wav_is_named(tmp_path):
    path = save(filled(), tmp_path)
    (path / "0001-agent.wav").write_bytes(b"RIFF")
    with pytest.warns(UserWarning, match="0001-agent.wav"):
        assert read_recording(path).clip("agent_audio", 1).pcm == b""


def test_unknown_fields_are_ignored_and_a_later_version_is_refused(tmp_path):
    path = save(filled(), tmp_path)
    file = path / EVENTS
    lines = file.read_text("utf-8").splitlines()
    file.write_text("\n".join([lines[0], lines[1][:-1] + ', "new": 1}', *lines[2:]]), "utf-8")
    assert len(read_recording(path)) == 6
    file.write_text(lines[0].replace('"version": 1', '"version": 2'), "utf-8")
    with pytest.raises(RecordingError, match="version 2"):
        read_recording(path)


def test_recordings_are_found(tmp_path):
    with pytest.raises(RecordingError, match="no recording"):
        find_recordings(tmp_path)
    paths = [save(EventLog(name), tmp_path) for name in ("a", "b", "c")]
    assert find_recordings(tmp_path) == sorted(paths)
    assert find_recordings(paths[0]) == [paths[0]]


@given(st.binary(max_size=300))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50)
@pytest.mark.filterwarnings("ignore:.*skipped:UserWarning")
def test_any_bytes_are_read_as_far_as_they_go(tmp_path, junk):
    path = save(filled(), tmp_path / str(random.random()))
    with (path / EVENTS).open("ab") as file:
        file.write(junk)
    read = read_recording(path)
    assert [row.kind for row in read][:1] == ["user_text"]


TALKERS = """
import os, struct, sys, time
sys.path[:0] = {path!r}
from google.adk.agents import Agent
from scripted import Scripted, audio, echo, said, text_of
from adk_nb import LiveSession

def forever(came):
    if text_of(came):
        for i in range(10_000):
            yield audio(100)
            yield said(f"{{i}} ", finished=False)
            yield 0.1

class Told:
    "Keeps, where a kill does not reach it, until when there were rows (s) and sound (bytes)."

    def __init__(self, file):
        self.file = os.open(file, os.O_CREAT | os.O_WRONLY)
        self.time, self.size = 0.0, 0

    def row(self, row):
        self.time = max(self.time, row.time)
        self.write()

    def sound(self, kind, turn, pcm, rate):
        self.size += len(pcm)
        self.write()

    def write(self):
        os.pwrite(self.file, struct.pack("dq", self.time, self.size), 0)

def talk(folder):
    agent = Agent(name="a", model=Scripted(forever))
    session = LiveSession(agent, record=folder).start()
    session.log.sinks.append(Told(folder + ".told"))
    session.bridge.submit(session.requests.say("go on", 600))
    time.sleep(600)

# What takes long is imported once, some of it with the first session.
with LiveSession(Agent(name="a", model=Scripted(echo))) as first:
    first.say("hi")
for folder in sys.argv[1:]:
    child = os.fork()
    if child == 0:
        talk(folder)
    print(child, flush=True)
sys.stdin.read()
"""


@pytest.mark.long
def test_ten_kills_lose_no_more_than_a_second_each(tmp_path):
    folders = [tmp_path / str(n) for n in range(10)]
    code = TALKERS.format(path=[path for path in sys.path if path])
    with subprocess.Popen(
        [sys.executable, "-c", code, *map(str, folders)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as parent:
        children = [int(parent.stdout.readline()) for _ in folders]
        try:
            for child, folder in zip(children, folders, strict=True):
                wait_for(lambda folder=folder: told(folder)[1] > 48_000 * 2)  # 2 s of sound
                time.sleep(random.uniform(0, 0.5))
                os.kill(child, signal.SIGKILL)
        finally:
            for child in children:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(child, signal.SIGKILL)
    for folder in folders:
        last, size = told(folder)
        read = read_recording(folder)
        said = [row for row in read if row.kind == "agent_transcript"]
        # At most the last second is not there, and of what came before it nothing is missing.
        assert last - said[-1].time < 1.0
        assert [row.seq for row in read] == list(range(len(read)))
        clip = read.clip("agent_audio", 1)
        assert clip.duration_ms >= size / 48 - 1000 - 200


def told(folder):
    """Until when a talker had rows (s), and how much sound (bytes)."""
    file = folder.with_suffix(".told")
    kept = file.read_bytes() if file.exists() else b""
    return struct.unpack("dq", kept) if kept else (0.0, 0)


def test_results_of_any_kind_are_recorded(tmp_path):
    import numpy as np
    import pandas as pd

    log = EventLog("odd")
    for result in (np.arange(3), pd.DataFrame({"a": [1]}), {"x": np.ones(2)}, object(), 0, False):
        log.add("adk", "tool_result", turn=1, tool="t", result=result)
    read = list(read_recording(save(log, tmp_path)))
    assert len(read) == len(log)
    assert read[0].result == "array([0, 1, 2])"
    assert [row.result for row in read[4:]] == [0, False]


# What is in a file need not be what we wrote.


@pytest.fixture
def saved(tmp_path):
    return save(filled(), tmp_path)


def with_header(path, header):
    file = path / EVENTS
    rest = file.read_bytes().splitlines(keepends=True)[1:]
    file.write_bytes(b"".join([header.encode() + b"\n", *rest]))


@pytest.mark.parametrize(
    ("header", "told"),
    [
        ('{"format": "adk-nb.recording", "session_id": "s"}', "version is missing"),
        ('{"format": "adk-nb.recording", "version": "1"}', "version: Input should be a valid int"),
        ('{"format": "adk-nb.recording", "version": 1, "session_id": {}}', "session_id: Input"),
        ('{"format": "adk-nb.recording", "version": 1, "tags": ["B"]}', "tags: Input"),
        ('{"format": "adk-nb.recording", "version": 1, "tags": {"arm": 2}}', "tags: Input"),
        ('{"format": "another", "version": 1}', "seq, time, t, source, kind is missing"),
        ('"adk-nb.recording"', "Input should be an object"),
        ("", "Invalid JSON"),
    ],
)
def test_a_header_that_is_damaged_costs_no_row(saved, header, told):
    with_header(saved, header)
    with pytest.warns(UserWarning, match=f"{EVENTS}, line 1: (skipped|ignored) .{told}"):
        read = read_recording(saved)
    assert len(read) == 6
    assert read.session_id == "abc123"  # The folder is named by it.


def test_a_session_without_an_id_is_named_by_its_folder(tmp_path, monkeypatch):
    folder = save(filled(), tmp_path).rename(tmp_path / "monday")
    with_header(folder, '{"format": "adk-nb.recording", "version": 1, "session_id": ""}')
    assert read_recording(folder).session_id == "monday"
    monkeypatch.chdir(folder)
    assert read_recording(".").session_id == "monday"
    odd = folder.rename(os.fsdecode(os.fsencode(tmp_path) + b"/a-\xff"))
    assert read_recording(odd).session_id == "\N{REPLACEMENT CHARACTER}"


def test_a_mark_before_the_first_letter_is_no_damage(saved, recwarn):
    with_header(saved, "\ufeff" + (saved / EVENTS).read_text("utf-8").splitlines()[0])
    same(read_recording(saved), filled_as(saved))
    assert not recwarn.list


def filled_as(path):
    """The log that was saved there."""
    log = filled()
    for row, read in zip(log, read_recording(path), strict=True):
        row.time, row.t, row.speech_t = read.time, read.t, read.speech_t
    return log


def test_of_many_damaged_lines_the_first_are_told_and_the_rest_counted(saved, recwarn):
    with (saved / EVENTS).open("a") as file:
        file.write("junk\n" * 1000)
    assert len(read_recording(saved)) == 6
    assert len(recwarn.list) == MAX_WARNINGS + 1
    assert f"{1000 - MAX_WARNINGS} more lines were skipped" in str(recwarn.list[-1].message)


@pytest.mark.parametrize(
    "path",
    ["no\0path", "x" * 5000, "there/is/none", "\udcff"],
    ids=["nul", "long", "none", "bytes"],
)
def test_a_path_that_cannot_be_looked_at_is_told(tmp_path, path):
    with pytest.raises(RecordingError) as error:
        read_recording(tmp_path / path)
    assert error.value.remedy


def test_a_folder_in_place_of_the_file_is_no_recording(tmp_path, saved):
    (tmp_path / "x" / EVENTS).mkdir(parents=True)
    assert find_recordings(tmp_path) == [saved]
    with pytest.raises(RecordingError, match="no recording"):
        read_recording(tmp_path / "x")


@pytest.mark.parametrize("denied", ["is_file", "open"])
def test_a_file_that_may_not_be_read_is_told(saved, monkeypatch, denied):
    def refuse(path, *_, **__):
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, denied, refuse)
    with pytest.raises(RecordingError, match="Permission denied") as error:
        read_recording(saved)
    assert "may you read it" in error.value.remedy


@pytest.mark.parametrize(
    ("at", "data"),
    [
        (0, b"RIFX"),  # Another kind of file.
        (22, b"\x02\x00"),  # Two channels.
        (24, b"\x00" * 4),  # No samples a second.
        (24, b"\xff" * 4),  # More of them than any.
        (34, b"\x08\x00"),  # Samples of a byte.
        (16, b"\xff\xff\xff\x7f"),  # A part that is longer than the file.
        (16, b"\xff" * 4),
        (36, b"junk"),  # No samples.
    ],
)
def test_a_wav_with_a_damaged_header_is_named(saved, at, data):
    file = saved / "0001-agent.wav"
    wav = bytearray(file.read_bytes())
    wav[at : at + len(data)] = data
    file.write_bytes(wav)
    with pytest.warns(UserWarning, match=r"0001-agent.wav: no sound .* \(.+\)\.") as warned:
        assert read_recording(saved).clip("agent_audio", 1).pcm == b""
    assert len(warned) == 1


def test_a_wav_that_promises_more_than_there_is_gives_what_there_is(saved):
    file = saved / "0001-agent.wav"
    wav = bytearray(file.read_bytes())
    pcm = bytes(wav[44:])
    wav[4:8] = wav[40:44] = b"\xfe\xff\xff\xff"
    file.write_bytes(wav[:-11])  # The last sample is cut in two.
    tracemalloc.start()
    assert read_recording(saved).clip("agent_audio", 1).pcm == pcm[:-12]
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 1 << 20  # And does not take memory for all of it.


@pytest.mark.parametrize("make", [Path.mkdir, os.mkfifo])
def test_what_is_no_file_has_no_sound(saved, make):
    file = saved / "0001-agent.wav"
    file.unlink()
    make(file)
    with pytest.warns(UserWarning, match="0001-agent.wav"):
        assert read_recording(saved).clip("agent_audio", 1).pcm == b""


class Slow:
    """A disk that stops while it is told to."""

    def __init__(self, monkeypatch):
        self.goes_on, self.waits = threading.Event(), threading.Event()
        self.goes_on.set()
        real = RecordingWriter._flush

        def flush(writer):
            if not self.goes_on.is_set():
                self.waits.set()
                self.goes_on.wait(60)
            real(writer)

        monkeypatch.setattr(RecordingWriter, "_flush", flush)
        monkeypatch.setattr(recording, "FLUSH_S", 0.01)

    def stop(self):
        self.waits.clear()
        self.goes_on.clear()
        assert self.waits.wait(60)


def recorded(writer, turn):
    return read_recording(writer.path).clip("agent_audio", turn).pcm


def test_a_slow_disk_loses_sound_is_told_and_recovers(tmp_path, monkeypatch):
    monkeypatch.setattr(recording, "MAX_WAITING", 1000)
    disk, told = Slow(monkeypatch), []
    log = EventLog("s")
    writer = RecordingWriter(tmp_path, log, told.append)

    def say(turn, size):
        log.add_audio("adk", "agent_audio", turn, bytes([turn]) * size, 24_000)

    # Over the limit many times, but never at once.
    for _ in range(5):
        say(1, 900)
        wait_for(lambda: not writer._waiting)
    disk.stop()
    for _ in range(5):
        say(2, 600)  # 600 and 1200 bytes wait; the rest is too much.
    say(3, 100)
    disk.goes_on.set()
    wait_for(lambda: told)
    say(4, 900)
    wait_for(lambda: not writer._waiting)
    say(5, 900)
    writer.close()
    assert [len(recorded(writer, turn)) for turn in range(1, 6)] == [4500, 1200, 0, 900, 900]
    (error,) = told
    assert error.message == "1900 bytes of sound were not recorded: the disk is too slow."
    assert "live.save" in error.remedy
    assert writer.error is None
    assert list(read_recording(writer.path)) == list(log)  # No row is lost.


def test_after_64_mib_sound_is_still_recorded(tmp_path, monkeypatch):
    monkeypatch.setattr(recording, "FLUSH_S", 0.01)
    log = EventLog("s")
    writer = RecordingWriter(tmp_path, log)
    piece = bytes(16 << 20)
    for turn in range(1, 7):
        writer.sound("agent_audio", turn, piece, 24_000)
        wait_for(lambda: not writer._waiting)
    writer.close()
    for turn in range(1, 7):
        size = (writer.path / recording.wav_name("agent_audio", turn)).stat().st_size
        assert size >= len(piece)


def test_a_disk_that_is_too_slow_is_in_the_kernels_log_too(tmp_path, monkeypatch, caplog):
    monkeypatch.setattr(recording, "MAX_WAITING", 10)
    disk = Slow(monkeypatch)
    writer = RecordingWriter(tmp_path, EventLog("s"))
    disk.stop()
    for _ in range(3):
        writer.sound("user_audio", 1, bytes(20), 16_000)
    disk.goes_on.set()
    writer.close()
    assert [message for message in caplog.messages if "40 bytes of sound" in message]


def test_what_cannot_be_written_any_more_is_told_once_and_nothing_is_kept_for_it(
    tmp_path, monkeypatch
):
    monkeypatch.setattr(recording, "FLUSH_S", 0.01)
    log, told = EventLog("s"), []
    writer = RecordingWriter(tmp_path, log, told.append)

    def full(*_):
        raise OSError(28, "No space left on device")

    log.add_audio("adk", "agent_audio", 1, bytes(100), 24_000)
    wait_for(lambda: writer._wavs and not writer._waiting)
    monkeypatch.setattr(wave.Wave_write, "writeframesraw", full)
    log.add_audio("adk", "agent_audio", 1, bytes(100), 24_000)
    wait_for(lambda: told)
    log.add_audio("adk", "agent_audio", 1, bytes(100), 24_000)
    writer.close()
    writer.close()  # Idempotent.
    assert len(told) == 1
    assert told[0] is writer.error
    assert told[0].message.startswith(f"The recording in {writer.path} stopped: ")
    assert writer._waiting == 0


def test_what_cannot_be_saved_is_told_to_the_cell(tmp_path, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(RecordingWriter, "_flush", full)
    with pytest.raises(RecordingError, match="No space left on device"):
        save(filled(), tmp_path)


def test_files_are_open_for_the_newest_two_turns_alone(tmp_path, monkeypatch):
    monkeypatch.setattr(recording, "FLUSH_S", 0.01)
    log = EventLog("s")
    writer = RecordingWriter(tmp_path, log)
    for turn in range(1, 6):
        log.add_audio("adk", "agent_audio", turn, bytes(100), 24_000)
        wait_for(lambda: not writer._waiting)
        wait_for(lambda turn=turn: ("agent_audio", turn) in writer._wavs)
    wait_for(lambda: {turn for _, turn in writer._wavs} == {4, 5})
    # One that was closed is not begun anew: its sound so far would be lost.
    writer.close()
    assert [len(recorded(writer, turn)) for turn in range(1, 6)] == [100] * 5


@pytest.mark.parametrize("written", [True, False])
def test_sound_that_is_forgotten_goes_from_the_disk_again(tmp_path, monkeypatch, written):
    monkeypatch.setattr(recording, "FLUSH_S", 0.02 if written else 60.0)
    log = EventLog("abc123")
    writer = RecordingWriter(tmp_path, log)
    log.add_audio("adk", "agent_audio", 1, b"\x01\x00" * 4800, 24_000)
    file = writer.path / "0001-agent.wav"
    if written:
        wait_for(lambda: file.exists() and file.stat().st_size > 9600)
    other = tmp_path / "another name"
    if written:
        os.link(file, other)
    log.forget_sound("agent_audio", 1)
    log.add_audio("adk", "agent_audio", 2, b"\x02\x00" * 4800, 24_000)
    writer.close()
    assert writer.error is None
    assert not file.exists()
    assert not written or other.read_bytes() == b""
    assert len(read_recording(writer.path).clip("agent_audio", 2).pcm) == 9600
    assert [row.audio_ms for row in log if row.kind == "agent_audio"] == [200, 200]


def test_a_voice_of_another_rate_has_a_file_of_its_own(tmp_path):
    writer = RecordingWriter(tmp_path, EventLog("s"))
    for rate, value in ((24_000, 1), (24_000, 2), (16_000, 3), (24_000, 4)):
        writer.sound("agent_audio", 1, bytes([value, 0]) * 3, rate)
    writer.close()
    written = []
    for path in wav_files(writer.path, "agent_audio", 1):
        with wave.open(str(path)) as file:
            written.append((path.name, file.getframerate(), file.readframes(99)[::2]))
    assert written == [
        ("0001-agent.wav", 24_000, b"\1\1\1\2\2\2"),
        ("0001-agent-2.wav", 16_000, b"\3\3\3"),
        ("0001-agent-3.wav", 24_000, b"\4\4\4"),
    ]


class NoText:
    """A path whose name is bytes."""

    def __fspath__(self):
        return b"talks"

    def __repr__(self):
        return "NoText()"


@pytest.mark.parametrize(
    ("record", "folder"),
    [(None, None), (False, None), (True, "recordings"), ("talks", "talks"), (Path("t"), Path("t"))],
)
def test_the_option_names_the_folder_of_recordings(record, folder):
    assert folder_of(record) == folder


@pytest.mark.parametrize(
    ("record", "shown"),
    [
        ("", '""'),
        (0, "0"),
        (b"talks", "b'talks'"),
        (NoText(), "NoText()"),
        ([1] * 99, "[" + "1, " * 33),
    ],
)
def test_what_names_no_folder_is_refused(tmp_path, monkeypatch, record, shown):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(AdkNbError) as refused:
        folder_of(record)
    assert refused.value.message == f"record={shown} names no folder."
    assert refused.value.remedy == "Give a folder, or True for one named recordings."
    assert refused.value.code == "bad_option"
    with pytest.raises(AdkNbError) as refused:
        save(filled(), record)
    assert refused.value.message == f"{shown} names no folder."
    assert refused.value.remedy == "Give a folder's path."
    assert list(tmp_path.iterdir()) == []


def test_what_a_recording_is_of_can_be_read_as_soon_as_it_begins(tmp_path, monkeypatch):
    monkeypatch.setattr(recording, "FLUSH_S", 60.0)
    log = EventLog("s")
    writer = RecordingWriter(tmp_path, log)
    try:
        (header,) = (writer.path / EVENTS).read_text("utf-8").splitlines()
        assert json.loads(header)["run_id"] == log.run_id
    finally:
        writer.close()


def test_a_recording_that_nobody_listens_to_stops_without_an_error_of_its_own(
    tmp_path, monkeypatch
):
    raised = []
    monkeypatch.setattr(threading, "excepthook", raised.append)
    writer = RecordingWriter(tmp_path, EventLog("s"))

    def full():
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(writer, "_flush", full)
    writer.close()
    assert "No space left" in writer.error.message
    assert raised == []
