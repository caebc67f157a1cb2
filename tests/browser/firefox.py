"""Firefox, with a microphone and loudspeakers of PulseAudio's, driven by puppeteer-core."""

from __future__ import annotations

import json
import os
import queue
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import process_tree
from driver import SECONDS

if TYPE_CHECKING:
    from collections.abc import Callable

_FRONT_END = Path(__file__).parents[1] / "js"
_DRIVER = _FRONT_END / "drive-firefox.js"
RATE = 48_000
# `make` may have installed Node.js beside this Python.
_PATH = os.pathsep.join([os.environ.get("PATH", ""), str(Path(sys.executable).parent)])


def missing() -> str:
    """Says what is missing here to run it; empty if nothing is."""
    wanted = {
        "Firefox": firefox_path(),
        "PulseAudio": shutil.which("pulseaudio"),
        "paplay and parec": shutil.which("paplay") and shutil.which("parec"),
        "Node.js": shutil.which("node", path=_PATH),
        "puppeteer-core": (_FRONT_END / "node_modules" / "puppeteer-core").is_dir(),
    }
    return ", ".join(name for name, there in wanted.items() if not there)


def firefox_path() -> str | None:
    """Finds the browser: `FIREFOX`, or what is installed."""
    found = map(shutil.which, filter(None, (os.environ.get("FIREFOX"), "firefox-esr", "firefox")))
    return next((path for path in found if path), None)


class Sound:
    """A PulseAudio of its own: what is played into it is a microphone, what sounds is recorded."""

    def __init__(self) -> None:
        self.home = Path(tempfile.mkdtemp(prefix="adk-nb-pulse-"))
        socket = self.home / "socket"
        self.environment = os.environ | {
            "HOME": str(self.home),
            "PULSE_RUNTIME_PATH": str(self.home),
            "PULSE_SERVER": f"unix:{socket}",
        }
        modules = [
            f"module-native-protocol-unix socket={socket}",
            # What is played into the first is the microphone; the page plays into the second.
            "module-null-sink sink_name=mouth",
            "module-null-sink sink_name=ear",
        ]
        self._processes = [
            subprocess.Popen(
                [
                    *("pulseaudio", "-n", "--daemonize=no", "--exit-idle-time=-1"),
                    *("--disable-shm=yes", "--use-pid-file=no"),
                    *(f"--load={module}" for module in modules),
                ],
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
        ]
        try:
            self._until(socket.exists)
            self._pactl("set-default-source", "mouth.monitor")
            self._pactl("set-default-sink", "ear")
            recorder = ["parec", "--device=ear.monitor", "--format=s16le", "--channels=1"]
            with (self.home / "heard").open("wb") as heard:
                self._processes.append(
                    subprocess.Popen(
                        [*recorder, f"--rate={RATE}"], env=self.environment, stdout=heard
                    )
                )
        except BaseException:
            self.close()
            raise

    def _pactl(self, *command: str) -> None:
        subprocess.run(["pactl", *command], env=self.environment, check=True)

    def _until(self, condition: Callable[[], object]) -> None:
        end = time.monotonic() + SECONDS
        while not condition():
            assert time.monotonic() < end
            time.sleep(0.02)

    def play(self, wav: Path) -> None:
        """Begins to play a WAV file into the microphone."""
        command = ["paplay", "--device=mouth", str(wav)]
        self._processes.append(subprocess.Popen(command, env=self.environment))

    def heard_ms(self) -> float:
        """How long it was loud at the loudspeakers so far (ms)."""
        data = (self.home / "heard").read_bytes()
        samples = np.frombuffer(data[: len(data) // 2 * 2], np.int16)
        return float(np.count_nonzero(np.abs(samples) > 300)) / RATE * 1000

    def close(self) -> None:
        """Ends all of it."""
        for process in reversed(self._processes):
            process.kill()
            process.wait()
        shutil.rmtree(self.home, ignore_errors=True)


class Firefox:
    """One page of Firefox.

    Args:
        sound: Its microphone and loudspeakers.
    """

    def __init__(self, sound: Sound) -> None:
        self._process = subprocess.Popen(
            [shutil.which("node", path=_PATH) or "node", str(_DRIVER), firefox_path() or ""],
            cwd=_FRONT_END,
            env=sound.environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._answers: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._reader = threading.Thread(target=self._read, name="firefox")
        self._reader.start()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._answers.put(line)
        self._answers.put('{"error": "the driver has ended"}')

    def do(self, command: str, *args: str) -> Any:
        """Does what one of the driver's commands says.

        Raises:
            TimeoutError: The page does not answer: it is frozen.
            RuntimeError: It did not work.
        """
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps([command, *args]) + "\n")
        self._process.stdin.flush()
        try:
            answer = json.loads(self._answers.get(timeout=SECONDS))
        except queue.Empty:
            message = f"the page did not answer within {SECONDS} s: {command} {args}"
            raise TimeoutError(message) from None
        if "error" in answer:
            raise RuntimeError(answer["error"])
        return answer["value"]

    def look(self, script: str) -> Any:
        """Returns what a function of the widget's root element and its `adkNb` returns."""
        return self.do("evaluate", _of_the_widget(script))

    def until(self, script: str) -> Any:
        """Waits until such a function returns something true; returns it."""
        return self.wait_for(_of_the_widget(script))

    def wait_for(self, expression: str) -> Any:
        """Waits until an expression of the page's is true; returns its value."""
        end = time.monotonic() + SECONDS
        while not (value := self.do("evaluate", expression)):
            if time.monotonic() > end:
                shown = self.do("evaluate", "document.body.outerHTML")
                message = (
                    f"it did not come within {SECONDS} s: {expression}; the page shows {shown}"
                )
                raise AssertionError(message)
            time.sleep(0.05)
        return value

    def until_state(self, state: str) -> None:
        """Waits until the widget says that it does something."""
        self.until(f"(root, adkNb) => adkNb?.state === {json.dumps(state)}")

    def click(self, part: str) -> None:
        """Clicks an element of the widget, by its stable name."""
        self.do("click", f'[data-adk-nb="{part}"]')

    def close(self) -> None:
        """Ends the browser and its driver."""
        process_tree.end(self._process)
        self._reader.join()


def _of_the_widget(script: str) -> str:
    root = 'document.querySelector(".adk-nb")'
    return f"({script})({root}, {root}?.adkNb)"
