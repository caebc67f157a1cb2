import assert from "node:assert/strict";
import { test } from "node:test";
import { CameraControls, sourceName } from "../../../adk_nb/static/screen/camera-controls.js";
import { layOut } from "../../../adk_nb/static/screen/layout.js";
import { assertGolden, page } from "../page.js";

test("what is shared has a name", () => {
  assert.equal(sourceName("camera", { displaySurface: "monitor" }), "Camera");
  const names = ["monitor", "window", "browser", "other", undefined].map((displaySurface) => sourceName("screen", { displaySurface }));
  assert.deepEqual(names, ["Screen", "Window", "Tab", "Screen", "Screen"]);
  assert.deepEqual([sourceName("camera"), sourceName("screen")], ["Camera", "Screen"]);
});

/** The controls of a page whose user grants everything, unless a test says otherwise. */
function shown(t) {
  const window = page(t);
  // Its video would take no stream but its own.
  Object.defineProperty(window.HTMLMediaElement.prototype, "srcObject", { value: null, writable: true });
  const layout = layOut(document.createElement("div"));
  document.body.append(layout.root);
  const seen = { sent: [], images: [], failures: [], changes: 0, refuse: null, streams: [], grant: null };
  const ask = async () => {
    await seen.grant;
    if (seen.refuse) throw seen.refuse;
    const track = { onended: null, muted: false, stop() {}, getSettings: () => ({ displaySurface: "window" }) };
    const stream = { track, getTracks: () => [track], getVideoTracks: () => [track] };
    seen.streams.push(stream);
    return stream;
  };
  Object.defineProperty(globalThis, "navigator", { value: { mediaDevices: { getUserMedia: ask, getDisplayMedia: ask } }, configurable: true });
  globalThis.isSecureContext = true;
  const listeners = new AbortController();
  const controls = new CameraControls({
    layout,
    connection: { send: (message) => seen.sent.push(message), sendImage: (...how) => seen.images.push(how) },
    report: (failure) => seen.failures.push(failure.code),
    onchange: () => (seen.changes += 1),
    signal: listeners.signal,
  });
  controls.camera.beat = () => () => {};
  t.after(() => controls.camera.close());
  const { camera, screen } = layout.control;
  const settled = () => new Promise(setImmediate);
  /** What the two buttons show: hidden, disabled, pressed. */
  const buttons = () => [camera, screen].map((button) => [button.hidden, button.disabled, button.getAttribute("aria-pressed")].join());
  return { controls, layout, seen, listeners, camera, screen, settled, buttons };
}
const preview = () => document.querySelector("[data-adk-nb=preview]");

test("nothing is offered to a model that cannot see", (t) => {
  const { controls, buttons } = shown(t);
  controls.show(true);
  assert.deepEqual(buttons(), ["true,false,false", "true,false,false"]);
  controls.allow(true);
  controls.show(true);
  assert.deepEqual(buttons(), ["false,false,false", "false,false,false"]);
  controls.show(false);
  assert.deepEqual(buttons(), ["false,true,false", "false,true,false"]);
});

test("a click shows the agent the camera, with a preview above the controls; a second ends it", async (t) => {
  const { controls, layout, seen, camera, settled, buttons } = shown(t);
  controls.resume(true);
  camera.click();
  assert.equal(controls.source, "camera");
  await settled();
  assert.deepEqual(seen.sent, [{ type: "camera", source: "camera", on: true }]);
  assert.equal(layout.control.row.previousSibling, preview());
  assert.deepEqual([controls.live.source, controls.opening], ["camera", null]);
  assertGolden("preview-camera", preview());
  controls.show(false);
  assert.deepEqual(buttons(), ["false,false,true", "false,true,false"]);
  camera.click();
  assert.deepEqual([seen.sent.slice(1), preview(), controls.source], [[{ type: "camera", source: "camera", on: false }], null, null]);
});

test("the screen in place of the camera", async (t) => {
  const { controls, seen, camera, screen, settled } = shown(t);
  controls.allow(true);
  camera.click();
  await settled();
  screen.click();
  await settled();
  assert.deepEqual(seen.sent.map(({ source, on }) => [source, on]), [["camera", true], ["camera", false], ["screen", true]]);
  assertGolden("preview-screen", preview());
});

test("a click while the user is asked takes it back", async (t) => {
  const { controls, seen, camera, settled } = shown(t);
  let grant;
  seen.grant = new Promise((resolve) => (grant = resolve));
  camera.click();
  assert.deepEqual([controls.source, seen.changes > 0], ["camera", true]);
  camera.click();
  const changes = seen.changes;
  grant();
  await settled();
  assert.deepEqual([controls.source, seen.sent, preview(), seen.changes], [null, [], null, changes]);
});

test("what the browser refuses is reported, and is off again", async (t) => {
  const { controls, seen, screen, settled } = shown(t);
  seen.refuse = new DOMException("no", "NotAllowedError");
  screen.click();
  const before = seen.changes;
  await settled();
  assert.deepEqual([seen.failures, controls.source, seen.changes], [["screen_denied"], null, before + 1]);
});

test("a picture goes out as it comes", async (t) => {
  const { controls, seen, camera, settled } = shown(t);
  camera.click();
  await settled();
  const jpeg = Uint8Array.of(1);
  controls.camera.options.onpicture("camera", { jpeg, clock: 5 });
  assert.deepEqual(seen.images, [["camera", jpeg, 5]]);
});

test("a bridge that is new is told what is on, and nothing where nothing is", async (t) => {
  const { controls, seen, camera, settled } = shown(t);
  controls.resume(true);
  assert.deepEqual(seen.sent, []);
  const before = seen.changes;
  controls.off();
  assert.deepEqual([seen.sent, seen.changes], [[], before + 1]);
  camera.click();
  await settled();
  controls.resume(true);
  assert.deepEqual(seen.sent.slice(1), [{ type: "camera", source: "camera", on: true }]);
  controls.resume(false);
  assert.deepEqual([seen.sent.at(-1), controls.live], [{ type: "camera", source: "camera", on: false }, null]);
});

test("a model that can see less switches it off", async (t) => {
  const { controls, seen, camera, settled } = shown(t);
  controls.allow(true);
  camera.click();
  await settled();
  controls.allow(true);
  assert.notEqual(controls.live, null);
  controls.allow(false);
  assert.deepEqual([seen.sent.at(-1).on, controls.live], [false, null]);
});

test("a screen that the user stops sharing is said, a camera that goes is a failure", async (t) => {
  const { layout, seen, camera, screen, settled } = shown(t);
  screen.click();
  await settled();
  seen.streams[0].track.onended();
  assert.deepEqual([layout.live.textContent, seen.failures, preview()], ["The screen is no longer shared.", [], null]);
  assert.deepEqual(seen.sent.at(-1), { type: "camera", source: "screen", on: false });
  layout.live.textContent = "";
  camera.click();
  await settled();
  seen.streams[1].track.onended();
  assert.deepEqual([layout.live.textContent, seen.failures], ["", ["camera_failed"]]);
});

test("nothing is heard after its listeners are gone", async (t) => {
  const { controls, camera, screen, listeners } = shown(t);
  listeners.abort();
  camera.click();
  screen.click();
  assert.equal(controls.source, null);
});
