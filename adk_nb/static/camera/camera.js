/** Pictures of a camera or a shared screen: one when it is switched on, then one at every beat. No layout here. */
import { refusal } from "../link/refusals.js";

/**
 * @typedef {import("../link/wire.js").Source} Source
 * @typedef {import("../link/wire.js").Failure} Failure
 * @typedef {{jpeg: Uint8Array, clock: number}} Picture
 * @typedef {{source: Source, stream: MediaStream, video: HTMLVideoElement, stop: () => void}} Live
 * @typedef {(video: HTMLVideoElement, longest: number, quality: number) => Uint8Array} Encode makes a JPEG of what it shows
 * @typedef {(everyMs: number, tick: () => void) => () => void} Beat begins to tick, and returns what ends it
 *
 * @typedef {object} CameraOptions
 * @property {(live: Live) => void} onopen comes before the first picture
 * @property {(source: Source, picture: Picture) => void} onpicture
 * @property {(source: Source, failure: Failure | null) => void} onlost it ended by itself; no failure where the user ended it
 * @property {number} [everyMs]
 * @property {number} [longest] side of a picture, in pixels
 * @property {number} [quality] of the JPEG, from 0 to 1
 * @property {Beat} [beat]
 * @property {Encode} [encode]
 */

/** The picture is small: a camera's best would only cost time. */
const CAMERA = { width: { ideal: 1280 }, height: { ideal: 720 }, frameRate: { ideal: 15 } };
const SCREEN = {
  video: { frameRate: { ideal: 5 } },
  audio: false,
  selfBrowserSurface: "include", // the notebook itself is worth showing
};

const REMEDY = "Close other programs that use it and click the camera again, or describe it in words.";
const DENIED = {
  camera: {
    code: "camera_denied",
    message: "The browser was not allowed to use the camera.",
    remedy: "Allow the camera for this site in the address bar, then click the camera again.",
  },
  screen: {
    code: "screen_denied",
    message: "The browser was not allowed to share a screen.",
    remedy: "Click the screen again and choose a screen, window or tab; if nothing is offered, allow sharing for this site.",
  },
};
const MISSING = {
  camera: { code: "camera_missing", message: "No camera was found.", remedy: "Connect one and click the camera again, or share a screen." },
  screen: { code: "screen_missing", message: "There is no screen to share.", remedy: "Use the camera instead, or describe it in words." },
};
const UNSUPPORTED = {
  camera: { code: "camera_unsupported", message: "This browser gives out no camera.", remedy: "Use a current Chrome, Edge, Firefox or Safari." },
  screen: {
    code: "screen_unsupported",
    message: "This browser cannot share a screen.",
    remedy: "Use a current Chrome, Edge, Firefox or Safari on a computer, or the camera instead.",
  },
};
const INSECURE = {
  code: "insecure_context",
  message: "Browsers give out camera and screen only over HTTPS or on localhost.",
  remedy: "Open Jupyter at http://localhost or over HTTPS.",
};
const CAMERA_LOST = {
  code: "camera_failed",
  message: "The camera was disconnected.",
  remedy: "Connect it again and click the camera.",
};

/** @param {unknown} error @returns {string} */
function reason(error) {
  return error instanceof Error ? error.message : String(error);
}

/**
 * @param {Source} source
 * @param {unknown} error from getUserMedia or getDisplayMedia
 * @returns {Failure}
 */
export function cameraFailure(source, error) {
  const name = /** @type {{name?: string}} */ (error)?.name;
  if (name === "NotAllowedError" || name === "SecurityError") {
    return refusal(error, source === "camera" ? "camera" : "display-capture") ?? DENIED[source];
  }
  if (name === "NotFoundError" || name === "OverconstrainedError") return MISSING[source];
  if (source === "camera") {
    return { code: "camera_failed", message: `The camera could not be opened: ${reason(error)}.`, remedy: REMEDY };
  }
  return {
    code: "screen_failed",
    message: `The screen could not be shared: ${reason(error)}.`,
    remedy: "Click the screen again and choose another screen, window or tab.",
  };
}

/**
 * The size of a picture whose longest side is bounded; it is never made larger.
 *
 * @param {number} width
 * @param {number} height
 * @param {number} longest
 */
export function fitted(width, height, longest) {
  const scale = Math.min(1, longest / Math.max(width, height));
  return { width: Math.max(1, Math.round(width * scale)), height: Math.max(1, Math.round(height * scale)) };
}

/**
 * An encoder with a canvas of its own. It takes some 15 ms of the page's thread; the asynchronous ones of browsers
 * wait for an idle moment, in a hidden page a second or more.
 *
 * @returns {Encode}
 */
function jpegEncoder() {
  const canvas = document.createElement("canvas");
  return (video, longest, quality) => {
    Object.assign(canvas, fitted(video.videoWidth, video.videoHeight, longest));
    const context = canvas.getContext("2d", { alpha: false, willReadFrequently: true });
    if (!context) throw new Error("the browser has no canvas to draw on");
    context.imageSmoothingQuality = "high"; // a screen's small print
    context.drawImage(video, 0, 0, canvas.width, canvas.height);
    const [, base64] = canvas.toDataURL("image/jpeg", quality).split(",");
    return Uint8Array.from(atob(base64), (byte) => byte.charCodeAt(0));
  };
}

/**
 * Ticks in a worker: who shares another tab hides this one, and a hidden page's own timers fall to one a minute.
 *
 * @type {Beat}
 */
export function workerBeat(everyMs, tick) {
  /** @type {ReturnType<typeof setInterval> | undefined} */
  let timer;
  const url = URL.createObjectURL(new Blob([`setInterval(() => postMessage(0), ${everyMs})`], { type: "text/javascript" }));
  /** @type {Worker | undefined} */
  let worker;
  const fallBack = () => {
    timer ??= setInterval(tick, everyMs); // where a site's policy allows no such worker
  };
  try {
    worker = new Worker(url);
    worker.onmessage = tick;
    worker.onerror = fallBack;
  } catch {
    fallBack();
  }
  return () => {
    clearInterval(timer);
    worker?.terminate();
    if (worker) worker.onmessage = worker.onerror = null;
    URL.revokeObjectURL(url);
  };
}

/** @param {Source} source @returns {Promise<MediaStream>} */
async function request(source) {
  if (!globalThis.isSecureContext) throw INSECURE;
  const devices = navigator.mediaDevices;
  const supported = source === "camera" ? devices?.getUserMedia : devices?.getDisplayMedia;
  if (!supported) throw UNSUPPORTED[source];
  try {
    return await (source === "camera" ? devices.getUserMedia({ video: CAMERA, audio: false }) : devices.getDisplayMedia(SCREEN));
  } catch (error) {
    throw cameraFailure(source, error);
  }
}

/** @param {MediaStream} stream */
function player(stream) {
  const video = document.createElement("video");
  video.muted = true;
  video.autoplay = true;
  video.playsInline = true;
  video.srcObject = stream;
  return video;
}

/** One camera or one screen at a time. */
export class Camera {
  /** @param {CameraOptions} options */
  constructor(options) {
    this.options = options;
    this.beat = options.beat ?? workerBeat;
    this.encode = options.encode ?? jpegEncoder();
    /** @type {Live | null} */
    this.live = null;
    this.wanted = 0; // counts openings and closings: the last one wins
  }

  /**
   * Asks the browser, which asks the user; throws a Failure.
   *
   * @param {Source} source
   * @returns {Promise<boolean>} false if it was closed again meanwhile
   */
  async open(source) {
    this.close();
    const { wanted } = this;
    /** @type {MediaStream} */
    let stream;
    try {
      stream = await request(source);
    } catch (failure) {
      if (wanted !== this.wanted) return false;
      throw failure;
    }
    if (wanted !== this.wanted) {
      for (const track of stream.getTracks()) track.stop();
      return false;
    }
    this.begin(source, stream);
    return true;
  }

  /** @param {Source} source @param {MediaStream} stream */
  begin(source, stream) {
    const video = player(stream);
    /** @type {Live} */
    const live = { source, stream, video, stop: this.beat(this.options.everyMs ?? 1000, () => this.take()) };
    this.live = live;
    for (const track of stream.getTracks()) {
      track.onended = () => this.lose(source === "camera" ? CAMERA_LOST : null);
    }
    this.options.onopen(live);
    video.onloadeddata = () => this.take();
    // JupyterLab takes cells that are scrolled away out of the page, which pauses what plays in them.
    video.onpause = () => void video.play().catch(() => {});
  }

  /** Takes a picture. It is made and handed on before the next may begin. */
  take() {
    const { live } = this;
    // A muted track has nothing new: what it showed last would pass for what is there now.
    if (!live || live.video.readyState < 2 || live.stream.getVideoTracks()[0]?.muted) return;
    const clock = performance.now();
    const { longest = 768, quality = 0.7 } = this.options;
    let jpeg;
    try {
      jpeg = this.encode(live.video, longest, quality);
    } catch (error) {
      this.lose(cameraFailure(live.source, error));
      return;
    }
    this.options.onpicture(live.source, { jpeg, clock });
  }

  /** @param {Failure | null} failure */
  lose(failure) {
    const source = this.close();
    if (source) this.options.onlost(source, failure);
  }

  /** Undoes everything. @returns {Source | null} what was on */
  close() {
    this.wanted += 1;
    const { live } = this;
    this.live = null;
    if (!live) return null;
    live.stop();
    for (const track of live.stream.getTracks()) {
      track.onended = null;
      track.stop();
    }
    live.video.onpause = live.video.onloadeddata = null;
    live.video.srcObject = null;
    return live.source;
  }
}
