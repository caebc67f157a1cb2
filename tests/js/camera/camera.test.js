import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { Camera, cameraFailure, fitted, workerBeat } from "../../../adk_nb/static/camera/camera.js";
import { random } from "../random.js";

test("a picture is made smaller until its longest side fits, never larger", () => {
  assert.deepEqual(fitted(1920, 1080, 768), { width: 768, height: 432 });
  assert.deepEqual(fitted(1080, 1920, 768), { width: 432, height: 768 });
  assert.deepEqual(fitted(640, 480, 768), { width: 640, height: 480 });
  assert.deepEqual(fitted(10000, 2, 768), { width: 768, height: 1 });
  const next = random(5);
  for (let i = 0; i < 500; i++) {
    const [width, height] = [1 + Math.floor(next() * 8000), 1 + Math.floor(next() * 8000)];
    const size = fitted(width, height, 768);
    assert.ok(Math.max(size.width, size.height) <= Math.min(768, Math.max(width, height)) && Math.min(size.width, size.height) >= 1);
    const scale = Math.max(size.width, size.height) / Math.max(width, height);
    assert.ok(Math.abs(size.width - width * scale) <= 1 && Math.abs(size.height - height * scale) <= 1);
  }
});

for (const [name, camera, screen] of [
  ["NotAllowedError", "camera_denied", "screen_denied"],
  ["SecurityError", "camera_denied", "screen_denied"],
  ["NotFoundError", "camera_missing", "screen_missing"],
  ["OverconstrainedError", "camera_missing", "screen_missing"],
  ["NotReadableError", "camera_failed", "screen_failed"],
]) {
  test(`${name} is ${camera} or ${screen}, with a sentence and a remedy`, () => {
    for (const [source, code] of [["camera", camera], ["screen", screen]]) {
      const failure = cameraFailure(source, new DOMException("no", name));
      assert.equal(failure.code, code);
      assert.ok(failure.message.endsWith(".") && failure.remedy.endsWith("."));
    }
  });
}

class Track {
  readyState = "live";
  muted = false;
  onended = null;
  stop() { this.readyState = "ended"; }
}

class Stream {
  track = new Track();
  getTracks() { return [this.track]; }
  getVideoTracks() { return [this.track]; }
}

/** A browser whose user grants everything, unless a test says otherwise. */
const page = { streams: [], asked: [], refuse: null };

beforeEach(() => {
  Object.assign(page, { streams: [], asked: [], refuse: null });
  const grant = (asked) => async (how) => {
    page.asked.push(asked);
    page.how = how;
    if (page.refuse) throw page.refuse;
    page.streams.push(new Stream());
    return page.streams.at(-1);
  };
  const mediaDevices = { getUserMedia: grant("camera"), getDisplayMedia: grant("screen") };
  Object.defineProperty(globalThis, "navigator", { value: { mediaDevices }, configurable: true });
  globalThis.isSecureContext = true;
  globalThis.document = { createElement: (name) => ({ name, readyState: 2, play: async () => {} }) };
});

/** A camera whose beat a test holds; it takes "picture 1", "picture 2" and so on. */
function made(options = {}) {
  const seen = { events: [], pictures: 0, tick: null, stopped: 0 };
  const camera = new Camera({
    onopen: ({ source }) => seen.events.push(["open", source]),
    onpicture: (source, { jpeg, clock }) => {
      assert.ok(Math.abs(performance.now() - clock) < 10_000);
      seen.events.push([source, jpeg]);
    },
    onlost: (source, failure) => seen.events.push(["lost", source, failure?.code]),
    beat: (everyMs, tick) => {
      seen.everyMs = everyMs;
      seen.tick = tick;
      return () => (seen.stopped += 1);
    },
    encode: (video, longest, quality) => {
      seen.wish = [longest, quality];
      if (video.broken) throw new Error("no memory");
      seen.pictures += 1;
      return `picture ${seen.pictures}`;
    },
    ...options,
  });
  return { camera, seen };
}

test("one picture at once and one at every beat", async () => {
  const { camera, seen } = made();
  assert.equal(await camera.open("camera"), true);
  assert.equal(seen.everyMs, 1000);
  assert.deepEqual(seen.events, [["open", "camera"]]);
  camera.live.video.onloadeddata();
  seen.tick();
  assert.deepEqual(seen.wish, [768, 0.7]);
  assert.deepEqual(seen.events, [["open", "camera"], ["camera", "picture 1"], ["camera", "picture 2"]]);
});

test("before there is anything to see, and while there is nothing new, no picture is made", async () => {
  const { camera, seen } = made();
  await camera.open("screen");
  camera.live.video.readyState = 1;
  seen.tick();
  camera.live.video.readyState = 2;
  page.streams[0].track.muted = true;
  seen.tick();
  assert.equal(seen.pictures, 0);
});

test("closing stops the track and the beat", async () => {
  const { camera, seen } = made();
  await camera.open("camera");
  const { video } = camera.live;
  assert.equal(camera.close(), "camera");
  seen.tick();
  assert.deepEqual([page.streams[0].track.readyState, seen.stopped, video.srcObject, seen.pictures], ["ended", 1, null, 0]);
  assert.deepEqual(seen.events, [["open", "camera"]]);
  assert.equal(camera.close(), null);
});

test("one source switches the other off, and what was closed while the user was asked stays closed", async () => {
  const { camera, seen } = made();
  await camera.open("camera");
  await camera.open("screen");
  assert.deepEqual(page.streams.map(({ track }) => track.readyState), ["ended", "live"]);
  assert.equal(camera.live.source, "screen");
  const opening = camera.open("camera");
  camera.close();
  assert.equal(await opening, false);
  assert.equal(page.streams[2].track.readyState, "ended");
  assert.deepEqual(seen.events, [["open", "camera"], ["open", "screen"]]);
  page.refuse = new DOMException("no", "NotAllowedError");
  const refused = camera.open("camera");
  camera.close();
  assert.equal(await refused, false);
});

test("a share that the user ends is no failure, a camera that goes is", async () => {
  const { camera, seen } = made();
  await camera.open("screen");
  page.streams[0].track.onended();
  await camera.open("camera");
  page.streams[1].track.onended();
  assert.deepEqual(seen.events.filter(([what]) => what === "lost"), [["lost", "screen", undefined], ["lost", "camera", "camera_failed"]]);
  assert.equal(camera.live, null);
});

test("a picture that cannot be made ends it with a failure", async () => {
  const { camera, seen } = made();
  await camera.open("screen");
  camera.live.video.broken = true;
  seen.tick();
  assert.deepEqual(seen.events.at(-1), ["lost", "screen", "screen_failed"]);
  assert.equal(page.streams[0].track.readyState, "ended");
});

test("refused, not supported and insecure are told apart, and nothing is asked for in vain", async () => {
  const { camera } = made();
  page.refuse = new DOMException("no", "NotAllowedError");
  await assert.rejects(camera.open("screen"), { code: "screen_denied" });
  page.asked = [];
  navigator.mediaDevices.getDisplayMedia = undefined;
  await assert.rejects(camera.open("screen"), { code: "screen_unsupported" });
  globalThis.isSecureContext = false;
  await assert.rejects(camera.open("camera"), { code: "insecure_context" });
  assert.deepEqual(page.asked, []);
});

test("a preview that the page pauses goes on", async () => {
  const { camera } = made();
  await camera.open("camera");
  let played = 0;
  camera.live.video.play = async () => void (played += 1);
  camera.live.video.onpause();
  assert.equal(played, 1);
});

test("without a worker the beat is a timer's", (t) => {
  t.mock.timers.enable({ apis: ["setInterval"] });
  assert.equal(globalThis.Worker, undefined);
  let ticks = 0;
  const stop = workerBeat(1000, () => (ticks += 1));
  t.mock.timers.tick(3000);
  stop();
  t.mock.timers.tick(3000);
  assert.equal(ticks, 3);
});

test("the beat is a worker's, and a timer's where the site's policy ends that worker", (t) => {
  t.mock.timers.enable({ apis: ["setInterval"] });
  const workers = [];
  globalThis.Worker = class { terminated = false; constructor() { workers.push(this); } terminate() { this.terminated = true; } };
  t.after(() => delete globalThis.Worker);
  let ticks = 0;
  const stop = workerBeat(1000, () => (ticks += 1));
  workers[0].onmessage({ data: 0 });
  t.mock.timers.tick(3000);
  assert.equal(ticks, 1);
  workers[0].onerror({});
  t.mock.timers.tick(2000);
  assert.equal(ticks, 3);
  stop();
  t.mock.timers.tick(2000);
  assert.deepEqual([ticks, workers[0].terminated], [3, true]);
});

test("how often, how large and how good may be said", async () => {
  const { camera, seen } = made({ everyMs: 250, longest: 320, quality: 0.5 });
  await camera.open("screen");
  seen.tick();
  assert.deepEqual([seen.everyMs, seen.wish], [250, [320, 0.5]]);
});

test("the browser is asked for no more than is of use, and never for sound", async () => {
  const { camera } = made();
  await camera.open("camera");
  assert.deepEqual(page.how, { video: { width: { ideal: 1280 }, height: { ideal: 720 }, frameRate: { ideal: 15 } }, audio: false });
  await camera.open("screen");
  assert.deepEqual(page.how, { video: { frameRate: { ideal: 5 } }, audio: false, selfBrowserSurface: "include" });
  assert.deepEqual(page.asked, ["camera", "screen"]);
});

test("the preview plays by itself, silently, in its place", async () => {
  const { camera } = made();
  await camera.open("camera");
  const { name, muted, autoplay, playsInline, srcObject } = camera.live.video;
  assert.deepEqual([name, muted, autoplay, playsInline, srcObject], ["video", true, true, true, page.streams[0]]);
});

test("what was closed hears of nothing any more", async () => {
  const { camera } = made();
  await camera.open("camera");
  const { video, stream } = camera.live;
  camera.close();
  assert.deepEqual([video.onpause, video.onloadeddata, stream.track.onended], [null, null, null]);
});

test("a preview that may not play on is left as it is", async () => {
  const { camera } = made();
  await camera.open("camera");
  camera.live.video.play = async () => { throw new Error("not now"); };
  camera.live.video.onpause();
  await new Promise(setImmediate); // an unhandled rejection would fail this test
});

test("a failure that has no name of its own says what the browser said", () => {
  const busy = new DOMException("it is busy", "NotReadableError");
  assert.deepEqual(cameraFailure("camera", busy), {
    code: "camera_failed", message: "The camera could not be opened: it is busy.",
    remedy: "Close other programs that use it and click the camera again, or describe it in words.",
  });
  assert.deepEqual(cameraFailure("screen", "gone"), {
    code: "screen_failed", message: "The screen could not be shared: gone.",
    remedy: "Click the screen again and choose another screen, window or tab.",
  });
  assert.match(cameraFailure("camera", undefined).message, /undefined/);
});

test("where the system keeps the camera or the screen from the page, that is said of it", () => {
  const kept = new DOMException("Permission denied by system", "NotAllowedError");
  assert.deepEqual(["camera", "screen"].map((source) => cameraFailure(source, kept).code), ["camera_system", "screen_system"]);
});

test("a browser without cameras says so", async () => {
  const { camera } = made();
  navigator.mediaDevices.getUserMedia = undefined;
  await assert.rejects(camera.open("camera"), { code: "camera_unsupported" });
  delete navigator.mediaDevices;
  Object.defineProperty(globalThis, "navigator", { value: {}, configurable: true });
  await assert.rejects(camera.open("screen"), { code: "screen_unsupported" });
});

/** A canvas that gives back what it was asked for. */
function canvas() {
  const drawn = [];
  const made = {
    drawn, context: { drawImage: (...how) => drawn.push(how) },
    getContext(...how) { drawn.push(how); return this.context; },
    toDataURL(...how) { drawn.push(how); return `data:image/jpeg;base64,${btoa("\xff\xd8\x00\xff\xd9")}`; },
  };
  return made;
}

test("by itself it draws the video on a canvas that fits, and reads the JPEG from it", async () => {
  const drawing = canvas();
  globalThis.document.createElement = (name) => (name === "canvas" ? drawing : { readyState: 2, videoWidth: 1536, videoHeight: 1000, play: async () => {} });
  const { camera, seen } = made({ encode: undefined });
  await camera.open("screen");
  seen.tick();
  assert.deepEqual(seen.events.at(-1), ["screen", Uint8Array.of(255, 216, 0, 255, 217)]);
  assert.deepEqual(drawing.drawn, [
    ["2d", { alpha: false, willReadFrequently: true }], [camera.live.video, 0, 0, 768, 500], ["image/jpeg", 0.7],
  ]);
  assert.deepEqual([drawing.width, drawing.height, drawing.context.imageSmoothingQuality], [768, 500, "high"]);
});

test("a browser that gives out no canvas ends it with a failure", async () => {
  const drawing = canvas();
  drawing.context = null;
  globalThis.document.createElement = (name) => (name === "canvas" ? drawing : { readyState: 2, videoWidth: 2, videoHeight: 2, play: async () => {} });
  const { camera, seen } = made({ encode: undefined });
  await camera.open("camera");
  seen.tick();
  assert.deepEqual(seen.events.at(-1), ["lost", "camera", "camera_failed"]);
});

test("by itself the beat is a worker's, whose script is let go with it", async (t) => {
  const workers = [];
  globalThis.Worker = class { constructor(url) { workers.push(Object.assign(this, { url, terminated: 0 })); } terminate() { this.terminated += 1; } };
  t.after(() => delete globalThis.Worker);
  const scripts = [];
  t.mock.method(URL, "createObjectURL", (blob) => `blob:${scripts.push(blob)}`);
  const revoked = t.mock.method(URL, "revokeObjectURL", () => {});
  const { camera, seen } = made({ beat: undefined, everyMs: 500 });
  await camera.open("camera");
  const [worker] = workers;
  assert.deepEqual([worker.url, scripts[0].type, await scripts[0].text()], ["blob:1", "text/javascript", "setInterval(() => postMessage(0), 500)"]);
  worker.onmessage();
  assert.equal(seen.pictures, 1);
  camera.close();
  assert.deepEqual([worker.terminated, worker.onmessage, worker.onerror], [1, null, null]);
  assert.deepEqual(revoked.mock.calls.map(({ arguments: [url] }) => url), ["blob:1"]);
});

test("a worker that fails twice is replaced by one timer", (t) => {
  t.mock.timers.enable({ apis: ["setInterval"] });
  const workers = [];
  globalThis.Worker = class { constructor() { workers.push(this); } terminate() {} };
  t.after(() => delete globalThis.Worker);
  let ticks = 0;
  const stop = workerBeat(1000, () => (ticks += 1));
  workers[0].onerror({});
  workers[0].onerror({});
  t.mock.timers.tick(1000);
  assert.equal(ticks, 1);
  stop();
});
