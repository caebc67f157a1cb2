import assert from "node:assert/strict";
import { mock, test } from "node:test";
import { examine, opening } from "../../../adk_nb/static/screen/examination.js";
import { page } from "../page.js";

const flush = async () => { for (let i = 0; i < 10; i++) await Promise.resolve(); };

class Wire {
  onopen = null;
  onclose = null;
  closedWith = null;
  close(code) { this.closedWith = code; }
}

test("a way is timed until it opens, and let go", async () => {
  const wire = new Wire();
  let now = 5;
  const opened = opening({ transport: "relay", dial: () => wire }, () => now);
  now = 17;
  wire.onopen();
  assert.deepEqual([await opened, wire.closedWith, wire.onopen, wire.onclose], [12, 1000, null, null]);
});

test("a way that is refused, cannot be dialled or does not answer within 4 s does not open", async (t) => {
  const wire = new Wire();
  const refused = opening({ transport: "relay", dial: () => wire });
  wire.onclose({ code: 1006 });
  assert.equal(await refused, null);
  assert.equal(await opening({ transport: "relay", dial: () => { throw new SyntaxError("no URL"); } }), null);
  mock.timers.enable({ apis: ["setTimeout"] });
  t.after(() => mock.timers.reset());
  const silent = opening({ transport: "relay", dial: () => new Wire() });
  mock.timers.tick(4000);
  assert.equal(await silent, null);
});

test("a page served with encryption is secure", async (t) => {
  Object.assign(globalThis, { isSecureContext: true });
  t.after(() => Object.assign(globalThis, { isSecureContext: undefined }));
  assert.equal((await found(t)).secure, true);
});

/** A page whose browser tells what a test says. */
function found(t, { permission = "granted", devices = ["audioinput", "audiooutput", "audioinput"], stream, trips = [9, 1, 10, 3, 8, 2, 7, 4, 6, 5] } = {}) {
  page(t);
  const before = globalThis.navigator;
  const mediaDevices = devices && { enumerateDevices: async () => devices.map((kind) => ({ kind })) };
  const permissions = permission && { query: async ({ name }) => ({ state: name === "microphone" ? permission : "?" }) };
  Object.defineProperty(globalThis, "navigator", { value: { userAgent: "Browser/1", mediaDevices, permissions }, configurable: true });
  t.after(() => Object.defineProperty(globalThis, "navigator", { value: before, configurable: true }));
  const wire = new Wire();
  const connection = { transport: "comm", ping: async () => trips.shift() }; // ms, as they come
  const sound = { context: { sampleRate: 44100, state: "running" }, microphone: stream && { stream } };
  const answer = examine({ connection, ways: [{ transport: "relay", dial: () => wire }], sound });
  return flush().then(async () => {
    for (let i = 0; i < 20 && !wire.onclose; i++) await new Promise(setImmediate);
    wire.onclose({});
    return answer;
  });
}

test("a page tells its browser, its way and its microphone", async (t) => {
  const stream = { getAudioTracks: () => [{ getSettings: () => ({ sampleRate: 48000, echoCancellation: true }) }] };
  assert.deepEqual(await found(t, { stream }), {
    browser: "Browser/1", origin: "http://localhost:8888", transport: "comm", round_trip_ms: 6, output_rate: 44100, output_state: "running",
    secure: false, microphone_open: true, microphone_permission: "granted", microphones: 2, microphone_rate: 48000, echo_cancellation: true,
    relay_opens_ms: null,
  });
});

test("round trips that are not known are no number", async (t) => {
  const trips = Array(10).fill(Infinity);
  assert.equal((await found(t, { trips })).round_trip_ms, null);
  assert.deepEqual(trips, []);
});

test("what a browser does not tell is missing, and no guess", async (t) => {
  const { microphone_permission, microphones, microphone_rate, echo_cancellation, microphone_open } = await found(t, { permission: null, devices: null });
  assert.deepEqual([microphone_permission, microphones, microphone_rate, echo_cancellation, microphone_open], [null, null, null, null, false]);
});
