import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import {
  audioFailure, audioSettings, CaptureClock, microphoneConstraints, microphoneFailure, Sound, soundsAt, tellsLatency,
} from "../../../adk_nb/static/sound/audio.js";
import { browser, install } from "./web-audio.js";

beforeEach(() => {
  install();
  globalThis.document = new EventTarget();
});

/** A sound whose callbacks a test reads. */
function made() {
  const seen = { frames: [], reports: [], states: [], lost: [], muted: [] };
  const sound = new Sound({
    worklets: { recorder: "recorder.js", player: "player.js" },
    onframe: (frame) => seen.frames.push(frame),
    onplayback: (report) => seen.reports.push(report),
    onstate: (state) => seen.states.push(state),
    onmiclost: (failure) => seen.lost.push(failure),
    onmicmuted: (muted) => seen.muted.push(muted),
  });
  return { sound, seen };
}
const named = (name) => browser.nodes.filter((node) => node.name === name);
/** Something that a test lets go on. */
function gate() {
  let open;
  return [new Promise((resolve) => (open = resolve)), () => open()];
}

test("it starts once, with both worklets, the player going to the speakers", async () => {
  const { sound, seen } = made();
  await Promise.all([sound.start(), sound.start()]);
  await sound.start();
  const [context] = browser.contexts;
  assert.equal(browser.contexts.length, 1);
  assert.deepEqual([context.options, context.modules], [{ latencyHint: "interactive" }, ["recorder.js", "player.js"]]);
  const [player] = named("adk-nb-player");
  const [gain] = named("gain");
  assert.deepEqual(player.options, { numberOfInputs: 0, outputChannelCount: [1] });
  assert.deepEqual([player.to, gain.to, player.context], [[gain], ["speakers"], context]);
  assert.deepEqual([sound.output, seen.states], [gain, ["running"]]);
});

test("what is to be played while it starts is played in order; before that nothing is kept", async () => {
  const { sound } = made();
  sound.end(7);
  const starting = sound.start();
  const samples = Int16Array.of(1, 2);
  sound.play({ kind: 2, seq: 0, turn: 1, rate: 24000, clock: 0, samples });
  sound.end(1);
  await starting;
  sound.flush(2);
  sound.resumeTurn(2);
  sound.reset();
  const [player] = named("adk-nb-player");
  assert.deepEqual(player.port.sent, [
    { type: "audio", turn: 1, rate: 24000, samples }, { type: "end", turn: 1 }, { type: "flush", turn: 2 },
    { type: "resume", turn: 2 }, { type: "reset" },
  ]);
  sound.play({ kind: 2, seq: 1, turn: 3, rate: 16000, clock: 0, samples });
  assert.deepEqual(player.port.sent.at(-1), [{ type: "audio", turn: 3, rate: 16000, samples }, [samples.buffer]]);
});

test("a report has the time at which it sounds, on the page's clock", async () => {
  const { sound, seen } = made();
  await sound.start();
  browser.contexts[0].getOutputTimestamp = () => ({ contextTime: 2, performanceTime: performance.now() });
  const before = performance.now();
  named("adk-nb-player")[0].port.onmessage({ data: { type: "started", turn: 1, time: 2.5 } });
  const [{ clock, ...report }] = seen.reports;
  assert.deepEqual(report, { type: "started", turn: 1, time: 2.5, estimated: false });
  assert.ok(clock >= before + 500 && clock <= performance.now() + 500);
});

test("what keeps it from starting is a failure, and it may be tried again", async () => {
  const { sound } = made();
  browser.loading = Promise.reject(new Error("no module"));
  await assert.rejects(sound.start(), {
    code: "audio_failed", message: "The browser's audio could not be started: no module.",
    remedy: "Reload the page; the agent's words are still shown as text.",
  });
  browser.loading = null;
  await sound.start();
  assert.equal(named("adk-nb-player").length, 1);
});

test("a browser that waits for a gesture is resumed by the next one, and says how it is", async () => {
  browser.state = "suspended";
  const { sound, seen } = made();
  await sound.start();
  assert.deepEqual(seen.states, ["suspended"]);
  browser.refuse = new Error("not yet");
  document.dispatchEvent(new Event("pointerdown"));
  await null;
  assert.deepEqual([browser.contexts[0].resumed, seen.states], [1, ["suspended"]]);
  browser.refuse = null;
  document.dispatchEvent(new Event("keydown"));
  assert.deepEqual(seen.states, ["suspended", "running"]);
  document.dispatchEvent(new Event("keydown"));
  sound.resume();
  assert.equal(browser.contexts[0].resumed, 2);
  browser.contexts[0].becomes("suspended");
  assert.equal(seen.states.at(-1), "suspended");
});

test("a gesture counts although something else keeps it to itself", async () => {
  const { sound } = made();
  const calls = [];
  document.addEventListener = (...how) => calls.push(how);
  await sound.start();
  assert.deepEqual(calls.map(([name, , options]) => [name, options.capture, options.passive]), [["pointerdown", true, true], ["keydown", true, true], ["visibilitychange", true, true]]);
});

test("the microphone is opened with what the kernel wants, and its frames come with their clock", async (t) => {
  t.mock.method(performance, "now", () => 9000);
  const { sound, seen } = made();
  browser.settings = { latency: 0.01 };
  assert.equal(await sound.openMicrophone({ noise_suppression: false }), true);
  assert.deepEqual(browser.asked, [
    { audio: { channelCount: 1, echoCancellation: true, noiseSuppression: false, autoGainControl: true }, video: false },
  ]);
  const [recorder] = named("adk-nb-recorder");
  const [source] = named("source");
  assert.deepEqual([source.options, source.to, recorder.options], [{ mediaStream: browser.streams[0] }, [recorder], { numberOfOutputs: 0 }]);
  assert.deepEqual(sound.microphone, { stream: browser.streams[0], source, recorder });
  const samples = new Int16Array(320);
  recorder.port.onmessage({ data: { samples, time: 5, rms: 0.5, peak: 0.75 } });
  const [{ clock, ...frame }] = seen.frames;
  assert.deepEqual(frame, { samples, rms: 0.5, peak: 0.75 });
  // The first frame is taken for undelayed; the hardware had it for 10 ms.
  assert.equal(clock, 8990);
});

test("where the hardware's latency is not told, none is taken off", async () => {
  const { sound, seen } = made();
  await sound.openMicrophone();
  const before = performance.now();
  named("adk-nb-recorder")[0].port.onmessage({ data: { time: 5 } });
  assert.ok(seen.frames[0].clock >= before);
});

test("a context that waits for a gesture is resumed with the microphone", async () => {
  browser.state = "suspended";
  const { sound } = made();
  await sound.openMicrophone();
  assert.equal(browser.contexts[0].state, "running");
});

test("opening again lets the earlier stream go", async () => {
  const { sound, seen } = made();
  await sound.openMicrophone();
  await sound.openMicrophone();
  assert.deepEqual(browser.streams.map(({ track }) => track.readyState), ["ended", "live"]);
  assert.equal(sound.microphone.stream, browser.streams[1]);
  const [first] = named("adk-nb-recorder");
  assert.deepEqual([first.port.sent, first.port.closed, first.port.onmessage], [[{ type: "stop" }], true, null]);
  assert.deepEqual(seen.lost, []);
});

test("closed while the user is asked, it stays closed", async () => {
  const { sound } = made();
  const [granted, grant] = gate();
  browser.grant = granted;
  const opening = sound.openMicrophone();
  sound.closeMicrophone();
  grant();
  assert.equal(await opening, false);
  assert.deepEqual([sound.microphone, browser.streams[0].track.readyState], [null, "ended"]);
});

test("of two openings at once the last one wins", async () => {
  const { sound } = made();
  const [granted, grant] = gate();
  browser.grant = granted;
  const first = sound.openMicrophone();
  const second = sound.openMicrophone();
  grant();
  assert.deepEqual([await first, await second], [false, true]);
  assert.equal(sound.microphone.stream, browser.streams[1]);
  assert.equal(browser.streams[0].track.readyState, "ended");
});

test("a sound that is closed while the user is asked opens nothing", async () => {
  const { sound } = made();
  const [granted, grant] = gate();
  browser.grant = granted;
  const opening = sound.openMicrophone();
  await sound.start();
  await sound.close();
  grant();
  assert.equal(await opening, false);
  assert.deepEqual([sound.microphone, browser.streams[0].track.readyState], [null, "ended"]);
});

test("audio that does not start gives the microphone back, and says why", async () => {
  const { sound } = made();
  browser.loading = Promise.reject(new Error("no module"));
  await assert.rejects(sound.openMicrophone(), { code: "audio_failed" });
  assert.equal(browser.streams[0].track.readyState, "ended");
});

test("a refused microphone is a failure, though the audio fails too", async () => {
  const { sound } = made();
  browser.denied = new DOMException("no", "NotAllowedError");
  browser.loading = Promise.reject(new Error("no module"));
  await assert.rejects(sound.openMicrophone(), { code: "mic_denied" });
  await new Promise(setImmediate); // an unhandled rejection would fail this test
});

test("a device that goes away is told, once", async () => {
  const { sound, seen } = made();
  await sound.openMicrophone();
  const { track } = browser.streams[0];
  track.onended();
  assert.deepEqual(seen.lost, [
    { code: "mic_failed", message: "The microphone was disconnected.", remedy: "Connect it again and click the microphone." },
  ]);
  assert.deepEqual([sound.microphone, track.onended, named("source")[0].to], [null, null, []]);
});

test("a context that a call interrupts says so, and goes on when the page is seen again", async () => {
  const { sound, seen } = made();
  await sound.start();
  browser.contexts[0].becomes("interrupted");
  assert.equal(seen.states.at(-1), "interrupted");
  document.dispatchEvent(new Event("visibilitychange"));
  assert.deepEqual([browser.contexts[0].resumed, seen.states.at(-1)], [1, "running"]);
});

test("a microphone that is muted says so, also if it was from the start, and says when it is back", async () => {
  const { sound, seen } = made();
  await sound.openMicrophone();
  const { track } = browser.streams[0];
  track.onmute();
  track.onunmute();
  assert.deepEqual(seen.muted, [true, false]);
  sound.closeMicrophone();
  assert.deepEqual([track.onmute, track.onunmute], [null, null]);
  browser.muted = true;
  await sound.openMicrophone();
  assert.deepEqual(seen.muted, [true, false, true]);
});

test("closing undoes everything", async () => {
  const { sound, seen } = made();
  await sound.openMicrophone();
  await sound.close();
  const [context] = browser.contexts;
  assert.deepEqual([context.state, browser.streams[0].track.readyState, sound.microphone, sound.context], ["closed", "ended", null, null]);
  for (const name of ["adk-nb-player", "adk-nb-recorder"]) {
    const [{ port, to }] = named(name);
    assert.deepEqual([port.sent.at(-1), port.closed, port.onmessage, to], [{ type: "stop" }, true, null, []]);
  }
  assert.deepEqual(named("gain")[0].to, []);
  const told = seen.states.length;
  context.becomes("suspended");
  sound.noticeState();
  document.dispatchEvent(new Event("pointerdown"));
  sound.reset();
  assert.deepEqual([seen.states.length, context.resumed], [told, 0]);
  await sound.close();
});

test("closed while its modules load, it makes no player", async () => {
  const { sound } = made();
  const [loaded, load] = gate();
  browser.loading = loaded;
  const starting = sound.start();
  await sound.close();
  load();
  await starting;
  assert.deepEqual([named("adk-nb-player"), browser.contexts[0].state], [[], "closed"]);
});

test("closed while its modules load, it does not complain that they did not load", async () => {
  const { sound } = made();
  let fail = (/** @type {Error} */ _error) => {};
  browser.loading = new Promise((_, reject) => (fail = reject));
  const starting = sound.start();
  await sound.close();
  fail(new Error("Unable to load a worklet's module."));
  await starting;
});

test("a context that the browser closed by itself is not closed again", async () => {
  const { sound } = made();
  await sound.start();
  browser.contexts[0].close = () => assert.fail("closed twice");
  browser.contexts[0].state = "closed";
  await sound.close();
});

for (const [name, code] of Object.entries({
  NotAllowedError: "mic_denied", SecurityError: "mic_denied", NotFoundError: "mic_missing",
  OverconstrainedError: "mic_missing", NotReadableError: "mic_failed", AbortError: "mic_failed",
})) {
  test(`${name} is ${code}, with a sentence and a remedy`, () => {
    const failure = microphoneFailure(new DOMException("it is in use", name));
    assert.equal(failure.code, code);
    assert.ok(failure.message.endsWith(".") && failure.remedy.endsWith("."));
    assert.equal(failure.message.includes("it is in use"), code === "mic_failed");
  });
}

test("where the system or the server keeps the microphone from the page, that is said", () => {
  const denied = (message) => microphoneFailure(new DOMException(message, "NotAllowedError"));
  assert.equal(denied("Permission denied by system").code, "mic_system");
  assert.match(denied("Permission dismissed").message, /question about the microphone was closed/);
});

test("what is thrown and is no error is told all the same", () => {
  assert.match(microphoneFailure("gone").message, /: gone\.$/);
  assert.match(microphoneFailure(undefined).message, /: undefined\.$/);
  assert.match(audioFailure("gone").message, /: gone\.$/);
});

test("an insecure page, and a browser without microphones, get none, and nothing is started in vain", async () => {
  for (const change of [() => (globalThis.isSecureContext = false), () => (navigator.mediaDevices.getUserMedia = undefined), () => delete navigator.mediaDevices]) {
    change();
    const { sound } = made();
    await assert.rejects(sound.openMicrophone(), { code: "insecure_context" });
    assert.deepEqual(browser.contexts, []);
    globalThis.isSecureContext = true;
  }
});

test("the browser's processing is on unless the kernel says otherwise", () => {
  const all = { channelCount: 1, echoCancellation: true, noiseSuppression: true, autoGainControl: true };
  assert.deepEqual(microphoneConstraints(), all);
  assert.deepEqual(microphoneConstraints({ echo_cancellation: true, noise_suppression: null }), all);
  assert.deepEqual(microphoneConstraints({ echo_cancellation: false }), { ...all, echoCancellation: false });
  assert.deepEqual(microphoneConstraints({ noise_suppression: false }), { ...all, noiseSuppression: false });
  assert.deepEqual(microphoneConstraints({ auto_gain_control: false }), { ...all, autoGainControl: false });
});

test("the hello says of audio yes, no, or more", () => {
  assert.deepEqual(audioSettings(false), { input: false, output: false });
  for (const nothing of [true, undefined, null, "x", 3]) assert.deepEqual(audioSettings(nothing), {});
  const settings = { output: false };
  assert.equal(audioSettings(settings), settings);
});

test("the capture clock keeps to the least delayed message", () => {
  const clock = new CaptureClock();
  clock.at(1, 1500);
  assert.equal(clock.at(1.02, 1521), 1520.01);
  assert.ok(Math.abs(clock.at(1.04, 1600) - 1540.02) < 1e-9);
  assert.equal(clock.at(1.06, 1559), 1559);
});

test("an output time is read off the sound card's own clock, or reckoned where it is silent or stands", (t) => {
  t.mock.method(performance, "now", () => 10_000);
  const at = (context, time) => soundsAt(/** @type {any} */ (context), time).clock;
  const stamp = (contextTime, performanceTime) => ({ getOutputTimestamp: () => ({ contextTime, performanceTime }), currentTime: 2.05 });
  assert.equal(at(stamp(2, 9990), 2.5), 10_490);
  assert.equal(at(stamp(2, 9001), 2.5), 9501);
  for (const unusable of [stamp(2, 9000), stamp(2, 8999.5), stamp(0, 10_000), { currentTime: 2.05 }]) assert.equal(Math.round(at(unusable, 2.5)), 10_450);
  assert.equal(Math.round(at({ ...stamp(0, 0), outputLatency: 0.03, baseLatency: 0.01 }, 2.5)), 10_480);
  assert.equal(Math.round(at({ ...stamp(0, 0), outputLatency: 0, baseLatency: 0.01 }, 2.5)), 10_460);
});

test("in the first second of a page the time is reckoned too, where there is no other", (t) => {
  t.mock.method(performance, "now", () => 500);
  assert.equal(Math.round(soundsAt(/** @type {any} */ ({ currentTime: 2.05 }), 2.5).clock), 950);
  assert.equal(soundsAt(/** @type {any} */ ({ currentTime: 2.05, getOutputTimestamp: () => ({}) }), 2.5).estimated, true);
});

test("where the browser tells no latency, the time is said to be estimated", (t) => {
  t.mock.method(performance, "now", () => 10_000);
  const estimated = (context) => soundsAt(/** @type {any} */ ({ currentTime: 2, baseLatency: 0.01, ...context }), 2).estimated;
  const stamp = { getOutputTimestamp: () => ({ contextTime: 2, performanceTime: 10_000 }) };
  assert.deepEqual([stamp, { outputLatency: 0.03 }, { outputLatency: 0 }, {}].map(estimated), [false, false, true, true]);
});

test("Firefox, which freezes where it is asked for the latency of its output, is not asked", (t) => {
  t.mock.method(performance, "now", () => 10_000);
  const firefox = "Mozilla/5.0 (X11; Linux x86_64; rv:153.0) Gecko/20100101 Firefox/153.0";
  const before = navigator;
  Object.defineProperty(globalThis, "navigator", { value: { userAgent: firefox }, configurable: true });
  t.after(() => Object.defineProperty(globalThis, "navigator", { value: before, configurable: true }));
  const context = {
    currentTime: 2, baseLatency: 0.01,
    get outputLatency() { throw new Error("it was read"); },
    getOutputTimestamp() { throw new Error("it was called"); },
  };
  assert.deepEqual(soundsAt(/** @type {any} */ (context), 2.5), { clock: 10_510, estimated: true });
  assert.equal(tellsLatency("Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/156.0.0.0 Safari/537.36"), true);
});
