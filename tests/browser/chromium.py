"""How the browser of these tests is found and started."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Literal

Microphone = Path | Literal["none", "denied"] | None
"""A WAV that it plays once from the moment it is opened, none at all, or one that is refused."""

FLAGS = [
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-background-timer-throttling",
    "--disable-backgrounding-occluded-windows",
    "--disable-renderer-backgrounding",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]


def chromium_path() -> str | None:
    """Finds the browser: `CHROMIUM`, or what is installed; None for Playwright's own."""
    names = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
    for name in (os.environ.get("CHROMIUM"), *names):
        if name and (path := shutil.which(name)):
            return path
    return None


def microphone_flags(microphone: Microphone) -> list[str]:
    """Chromium's flags for a microphone; they are a browser's, not a page's."""
    fake_device = "--use-fake-device-for-media-stream"
    if microphone == "none":
        return ["--use-fake-ui-for-media-stream", "--disable-audio-input"]
    if microphone == "denied":
        return [fake_device, "--use-fake-ui-for-media-stream=deny"]
    flags = [fake_device, "--use-fake-ui-for-media-stream"]
    if microphone is not None:
        flags.append(f"--use-file-for-fake-audio-capture={microphone}%noloop")
    return flags
