/** What the agent is shown: the camera's and the screen's buttons, the preview, and the pictures on their way out. */
import { Camera } from "../camera/camera.js";
import { element } from "./layout.js";
import { SOURCES } from "../link/wire.js";

/**
 * @typedef {import("../link/wire.js").Source} Source
 * @typedef {import("../link/wire.js").Failure} Failure
 *
 * @typedef {object} CameraControlsOptions
 * @property {import("./layout.js").Layout} layout
 * @property {import("../link/connection.js").Connection} connection
 * @property {(failure: Failure) => void} report
 * @property {(...causes: string[]) => void} [recovered] what failed so works again
 * @property {() => void} onchange
 * @property {AbortSignal} signal
 */

/** @type {Record<string, string>} */
const SURFACES = { monitor: "Screen", window: "Window", browser: "Tab" };

/** @param {Source} source @param {MediaTrackSettings} [settings] */
export function sourceName(source, settings = {}) {
  if (source === "camera") return "Camera";
  return SURFACES[String(/** @type {{displaySurface?: string}} */ (settings).displaySurface)] ?? "Screen";
}

/** @param {import("../camera/camera.js").Live} live */
function preview({ source, stream, video }) {
  const name = sourceName(source, stream.getVideoTracks()[0]?.getSettings());
  video.className = "adk-nb-preview-video";
  video.setAttribute("aria-label", `${name}, as the agent sees it`);
  const caption = element(
    "figcaption", { class: "adk-nb-preview-caption" },
    element("span", { class: "adk-nb-preview-name" }, name),
    element("span", { class: "adk-nb-preview-note" }, "The agent sees this, one picture a second."),
  );
  return element("figure", { class: "adk-nb-preview", "data-adk-nb": "preview", "data-source": source }, video, caption);
}

export class CameraControls {
  /** @param {CameraControlsOptions} options */
  constructor({ layout, connection, report, recovered = () => {}, onchange, signal }) {
    this.layout = layout;
    this.connection = connection;
    this.report = report;
    this.recovered = recovered;
    this.onchange = onchange;
    /** Whether the model can see. */
    this.allowed = false;
    /** @type {Source | null} while the browser asks the user */
    this.opening = null;
    /** @type {HTMLElement | null} */
    this.preview = null;
    this.camera = new Camera({
      onopen: (live) => this.opened(live),
      onpicture: (source, { jpeg, clock }) => connection.sendImage(source, jpeg, clock),
      onlost: (source, failure) => this.lost(source, failure),
    });
    for (const source of SOURCES) {
      layout.control[source].addEventListener("click", () => this.toggle(source), { signal });
    }
  }

  /** @returns {Source | null} what is on, or about to be */
  get source() {
    return this.camera.live?.source ?? this.opening;
  }

  /** What the agent is shown now. */
  get live() {
    return this.camera.live;
  }

  /** @param {boolean} allowed whether the model can see */
  allow(allowed) {
    this.allowed = allowed;
    if (!allowed) this.off();
  }

  /** The bridge does not know what was on before it knew this page. @param {boolean} allowed */
  resume(allowed) {
    this.allow(allowed);
    if (this.camera.live) this.tell(this.camera.live.source, true);
  }

  /** @param {Source} source */
  toggle(source) {
    const before = this.source;
    this.off();
    if (before !== source) this.on(source);
  }

  /** @param {Source} source */
  async on(source) {
    this.opening = source;
    this.onchange();
    try {
      if (!(await this.camera.open(source))) return;
    } catch (failure) {
      this.report(/** @type {Failure} */ (failure));
    }
    this.opening = null;
    this.onchange();
  }

  off() {
    this.opening = null;
    const source = this.camera.close();
    if (source) this.closed(source);
    else this.onchange();
  }

  /** @param {import("../camera/camera.js").Live} live */
  opened(live) {
    this.tell(live.source, true);
    this.recovered(`${live.source}_`);
    this.preview = preview(live);
    this.layout.control.row.before(this.preview);
  }

  /** @param {Source} source */
  closed(source) {
    this.preview?.remove();
    this.preview = null;
    this.tell(source, false);
    this.onchange();
  }

  /** @param {Source} source @param {Failure | null} failure */
  lost(source, failure) {
    this.closed(source);
    if (failure) this.report(failure);
    else this.layout.live.textContent = "The screen is no longer shared.";
  }

  /** @param {Source} source @param {boolean} on */
  tell(source, on) {
    this.connection.send({ type: "camera", source, on });
  }

  /** @param {boolean} usable whether anything may be switched on now */
  show(usable) {
    for (const source of SOURCES) {
      const on = this.source === source;
      const made = this.layout.control[source];
      made.hidden = !this.allowed;
      made.disabled = !usable && !on; // what is on can always be switched off
      made.setAttribute("aria-pressed", String(on));
    }
  }
}
