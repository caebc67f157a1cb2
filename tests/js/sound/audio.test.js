import assert from "node:assert/strict";
import { test } from "node:test";
import { CaptureClock, microphoneConstraints, microphoneFailure, Sound, soundsAt } from "../../../adk_nb/static/sound/audio.js";

for (const [name, code] of Object.entries({
  NotAllowedError: "mic_denied", SecurityError: "mic_denied", NotFoundError: "mic_missing",
  OverconstrainedError: "mic_missing", NotReadableError: "mic_failed", AbortError: "mic_failed",
})) {
  test(`${name} is ${code}, with a sentence and a remedy`, () => {
    const failure = microphoneFailure(new DOMException("no", name));
    assert.equal(failure.code, code);
    assert.ok(failure.message.endsWith(".") && failure.remedy.endsWith("."));
  });
}

test("an insecure page gets no microphone", async () => {
  const sound = new Sound(/** @type {any} */ ({}));
  await assert.rejects(sound.openMicrophone(), { code: "insecure_context" });
});

test("the browser's processing is on unless the kernel says otherwise", () => {
  assert.deepEqual(microphoneConstraints(), { channelCount: 1, echoCancellation: true, noiseSuppression: true, autoGainControl: true });
  assert.equal(microphoneConstraints({ echo_cancellation: false }).echoCancellation, false);
});

test("the capture clock keeps to the least delayed message", () => {
  const clock = new CaptureClock();
  clock.at(1, 1500);
  assert.equal(clock.at(1.02, 1521), 1520.01);
  assert.ok(Math.abs(clock.at(1.04, 1600) - 1540.02) < 1e-9);
  assert.equal(clock.at(1.06, 1559), 1559);
});

test("an output time is read off the sound card's own clock, or reckoned where it is silent", () => {
  const now = performance.now();
  const stamped = { getOutputTimestamp: () => ({ contextTime: 2, performanceTime: now }), currentTime: 2.05 };
  assert.equal(soundsAt(/** @type {any} */ (stamped), 2.5), now + 500);
  const bare = { getOutputTimestamp: () => ({ contextTime: 0, performanceTime: 0 }), currentTime: 2, outputLatency: 0.03 };
  assert.ok(Math.abs(soundsAt(/** @type {any} */ (bare), 2.1) - now - 130) < 20);
});
