"""What both ends of the wire must agree on, written down: `tests/data/wire.json`.

Python and node read that file. Run `python tests/golden_wire.py` after a change of the protocol
that is meant, and look at what changes in the file.
"""

import json
import math
from pathlib import Path

from wire_frames import encode_image, encode_message

from adk_nb.wire import protocol
from adk_nb.wire.protocol import AudioFrame, ImageFrame

FILE = Path(__file__).parent / "data" / "wire.json"

JPEG = b"\xff\xd8inside\xff\xd9"
AUDIO = {
    "the microphone's first frame": AudioFrame(
        protocol.MICROPHONE, 0, 0, 16_000, 1234.5, b"\x01\x00\xfe\xff\xff\x7f\x00\x80"
    ),
    "the agent's, with the largest numbers": AudioFrame(
        protocol.AGENT_AUDIO, 0xFFFFFFFF, 0xFFFFFFFE, 48_000, 1e15 + 0.125, b"\x00\x01"
    ),
    "the lowest rate": AudioFrame(protocol.AGENT_AUDIO, 1, 2, 8_000, 0.0, b"\x00\x00" * 3),
    "a clock before its zero": AudioFrame(protocol.MICROPHONE, 2, 0, 16_000, -0.5, b"\x10\x20"),
}
IMAGES = {
    "a camera's": ImageFrame("camera", 0, 5.5, JPEG),
    "a screen's, with the largest number": ImageFrame("screen", 0xFFFFFFFF, 1e9, JPEG),
    "the shortest JPEG": ImageFrame("camera", 1, 0.0, b"\xff\xd8\xff\xd9"),
}
_SOUND = AUDIO["the lowest rate"]
_IMAGE = encode_image(IMAGES["a camera's"])
BAD_AUDIO = {
    "empty": b"",
    "a header alone": protocol.encode_audio(_SOUND)[:24],
    "half a sample": protocol.encode_audio(_SOUND)[:-1],
    "of kind 0": protocol.encode_audio(_SOUND._replace(kind=0)),
    "of kind 4": protocol.encode_audio(_SOUND._replace(kind=4)),
    "an image": _IMAGE,
    "a rate too low": protocol.encode_audio(_SOUND._replace(rate=7_999)),
    "a rate too high": protocol.encode_audio(_SOUND._replace(rate=48_001)),
    "no clock": protocol.encode_audio(_SOUND._replace(clock=math.nan)),
    "an endless clock": protocol.encode_audio(_SOUND._replace(clock=math.inf)),
}
BAD_IMAGES = {
    "empty": b"",
    "half a header": _IMAGE[:23],
    "a header alone": _IMAGE[:24],
    "sound": protocol.encode_audio(_SOUND),
    "of source 2": _IMAGE[:1] + b"\x02" + _IMAGE[2:],
    "no clock": encode_image(ImageFrame("camera", 0, math.nan, JPEG)),
    "no start": _IMAGE[:24] + b"\x00" + _IMAGE[25:],
    "a wrong start": _IMAGE[:25] + b"\xd9" + _IMAGE[26:],
    "no end": _IMAGE[:-1] + b"\xd8",
    "a wrong end": _IMAGE[:-2] + b"\xfe\xd9",
    "bytes after its end": _IMAGE + b"\x00",
    "one end for two": _IMAGE[:24] + b"\xff\xd8\xd9",
}
FROM_PAGE = (
    protocol.Hello("secret", 12.5),
    protocol.Hello("secret", 12.5, 3, 812.5, "v1"),
    protocol.Text("again", "t-1"),
    protocol.Redeem("code"),
    protocol.Text("naïve “quotes” \U0001f3b2\n"),
    protocol.Mic(on=True),
    protocol.Camera("screen", on=False),
    protocol.ActivityStart(),
    protocol.ActivityEnd(),
    protocol.Interrupt(),
    protocol.ToolSwitch("roll_dice", on=False),
    protocol.Confirm("call-1", approved=True),
    protocol.Confirm("call-2", approved=True, answer="http://localhost/?code=c&state=s"),
    protocol.Stop("c1"),
    protocol.Take(),
    protocol.Voice(on=False),
    protocol.Reload(),
    protocol.More("call-1", 20_000),
    protocol.Play(3, 196_608),
    protocol.Playback("flushed", 3, 812.5, 99_000.25, 2),
    protocol.Clock(5, 1000.5),
    protocol.ClockOffset(-3.25, 0.5),
    protocol.PageError("mic_denied", "The browser was not allowed to use the microphone."),
    protocol.PageError("mic_missing", "No microphone was found.", "Connect one."),
    protocol.Recovered("mic_denied"),
    protocol.Findings(7, {"browser": "Firefox", "secure": True, "relay_opens_ms": 4.5, "x": None}),
)
TO_PAGE = (
    protocol.Welcome(
        "s1", "dice", "smol", [{"name": "roll", "on": True, "description": "Rolls a die."}],
        "ready", 4, 12.5, [{"type": "note", "id": "n", "turn": 1, "kind": "swap", "text": "Now."}],
        audio=True, changes=["The tool flip is new."], video=True,
    ),
    protocol.Transcript(1, "agent", "dice", "You rolled 4.", final=True),
    protocol.Transcript(2, "agent", "dice", "I may not say.", final=True, withheld=True),
    protocol.Place("elsewhere", "here"),
    protocol.Continue(2, 4900.5),
    protocol.Words(2, 1, 0, [3, 7, 14], [210.5, 480.0, 912.3]),
    protocol.Position(2, 400.0, sounding=True),
    protocol.Heard(2, [[1, 7, 14]], 500.0, 912.5),
    protocol.ToolCalled(1, "a", "roll", {"sides": 20, "label": "é"}),
    protocol.ToolReturned(1, "a", "roll", 3.5, result={"result": 17}),
    protocol.ToolReturned(1, "b", "roll", 3.5, error="no die"),
    protocol.ToolReturned(1, "c", "roll", 3.5, result='{"a": [1, 2', length=80_000),
    protocol.ToolMore(1, "c", 20_000, "3, 4]}", 80_000),
    protocol.ToolOutput(1, "a", text="one\n"),
    protocol.Question(1, "a", "pay", {"euros": 3}, "Pay now?"),
    protocol.Question(1, "b", "mail", {}, "Sign in.", "https://accounts.example/auth"),
    protocol.Answer(1, "a", approved=None),
    protocol.Note("n1", 1, "swap", "Now flip."),
    protocol.Sources(1, [{"title": "yr.no", "uri": "https://www.yr.no"}]),
    protocol.TurnState(1, "interrupted"),
    protocol.TurnState(2, "withheld"),
    protocol.Rendered(2, 1, "<p><strong>No.</strong></p>"),
    protocol.TurnFacts(2, 1_790_000_000.25, "first_heard_ms", 540.5, sound=True),
    protocol.TurnFacts(3, 1_790_000_014.5, outcome="no answer: you cut in after 14.2 s"),
    protocol.TurnSound(3, 24_000, 0, 4, "AQD+/w=="),
    protocol.State("thinking", "Changing to flip…"),
    protocol.AgentChanged("flip", "smol", [], ["The model was changed."], video=False),
    protocol.Redefined(["get_time", "RULES"]),
    protocol.AudioUse({"input": False, "message": "It cannot hear.", "remedy": "Type."}),
    protocol.Clock(5, 1000.5, 2000.25),
    protocol.Examine(7),
    protocol.Taken("t-1"),
    protocol.Admitted("secret"),
    protocol.SoundFrom(3, 812.5),
    protocol.Failure("model_lost", "The model went away.", "Say it again."),
    protocol.Failure("recording", "The disk is full.", lasts=True),
)  # fmt: skip


def golden() -> dict[str, object]:
    """Returns what the file has to hold, as `protocol` has it now."""
    return {
        "subprotocol": protocol.SUBPROTOCOL,
        "header": protocol.HEADER_SIZE,
        "max_jpeg": protocol.MAX_JPEG,
        "max_message": protocol.MAX_MESSAGE,
        "max_typed": protocol.MAX_TYPED,
        "kinds": {
            "MICROPHONE": protocol.MICROPHONE,
            "AGENT_AUDIO": protocol.AGENT_AUDIO,
            "IMAGE": protocol.IMAGE,
        },
        "sources": list(protocol.SOURCES),
        "close": {
            name.removeprefix("CLOSE_"): code
            for name, code in vars(protocol).items()
            if name.startswith("CLOSE_")
        },
        "audio": [
            frame._asdict()
            | {
                "name": name,
                "samples": frame.samples.hex(),
                "hex": protocol.encode_audio(frame).hex(),
            }
            for name, frame in AUDIO.items()
        ],
        "images": [
            {"name": name, "hex": encode_image(image).hex()}
            | image._replace(jpeg=image.jpeg.hex())._asdict()
            for name, image in IMAGES.items()
        ],
        "bad_audio": {name: data.hex() for name, data in BAD_AUDIO.items()},
        "from_page": [encode_message(message) for message in FROM_PAGE],
        "to_page": [encode_message(message) for message in TO_PAGE],
    }


def text() -> str:
    """Returns the file's text."""
    return json.dumps(golden(), indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    FILE.write_text(text(), "utf-8")
