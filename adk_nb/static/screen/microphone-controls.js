/** The microphone's button and level, the space bar that opens it while it is held, and its sound on the way out. */
import { Meter } from "../sound/meter.js";
import { PushToTalk } from "./push-to-talk.js";
import { MIC_MUTED } from "./sound-state.js";

/**
 * @typedef {import("../link/wire.js").Failure} Failure
 *
 * @typedef {object} MicrophoneControlsOptions
 * @property {import("./layout.js").Layout} layout
 * @property {import("../link/connection.js").Connection} connection
 * @property {import("../sound/audio.js").Sound} sound
 * @property {() => Record<string, any>} settings what the kernel wants of the page's audio
 * @property {(failure: Failure) => void} report
 * @property {(...causes: string[]) => void} [recovered] what failed so works again
 * @property {() => void} onchange
 * @property {() => void} onopen this view's has been opened
 * @property {AbortSignal} signal
 */

const LABEL = "Microphone (hold Space to talk)";
/** How long the link may be gone before the microphone is let go (ms): the first attempts to come back take less. */
const RELEASE_MS = 2000;

export class MicrophoneControls {
  /** @param {MicrophoneControlsOptions} options */
  constructor({ layout, connection, sound, settings, report, recovered = () => {}, onchange, onopen, signal }) {
    this.root = layout.root;
    this.button = layout.control.mic;
    this.meter = new Meter(layout.control.level);
    this.connection = connection;
    this.sound = sound;
    this.settings = settings;
    this.report = report;
    this.recovered = recovered;
    this.onchange = onchange;
    this.onopen = onopen;
    /** Whether the browser is asked for it now. */
    this.opening = false;
    /** Whether it was opened, and no turn has come of it yet. */
    this.fresh = false;
    /** Whether the space bar opened it, and so closes it. */
    this.forTalk = false;
    /** Whether it was on when the link was lost, and is to be opened again when that is back. */
    this.kept = false;
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.releasing = undefined;
    this.talk = new PushToTalk(layout.root, { press: () => this.press(), release: () => this.release() });
    this.talk.listen(signal);
    this.button.addEventListener("click", () => this.toggle(), { signal });
  }

  /** Why the agent cannot hear, where it is known. @returns {Failure | null} */
  get deaf() {
    const { input, message, remedy } = this.settings();
    return input === false && message ? { code: "cannot_hear", message: String(message), remedy: String(remedy ?? "") } : null;
  }

  get isOpen() {
    return this.sound.microphone !== null;
  }

  /** The bridge does not know what was on before it knew this page. */
  resume() {
    this.stopReleasing();
    if (this.isOpen) this.tell(true);
    else if (this.kept && !this.opening && this.settings().input !== false) this.open();
    this.kept = false;
  }

  /** Nobody hears it now: it is closed, unless the link is back soon. */
  linkLost() {
    this.releasing ??= setTimeout(() => {
      this.kept = this.isOpen && !this.forTalk;
      this.close();
    }, RELEASE_MS);
  }

  stopReleasing() {
    clearTimeout(this.releasing);
    this.releasing = undefined;
  }

  /** @param {import("../sound/audio.js").MicrophoneFrame} frame */
  recorded({ samples, clock, rms }) {
    this.connection.sendAudio(samples, 16000, clock);
    this.meter.show(rms, clock);
  }

  /** The device went away. @param {Failure} failure */
  lost(failure) {
    this.pressed(false);
    this.tell(false);
    this.report(failure);
  }

  /** The system or the device mutes it, or no more. @param {boolean} muted */
  muted(muted) {
    if (muted) {
      this.meter.clear();
      this.report(MIC_MUTED);
    } else {
      this.recovered(MIC_MUTED.code);
    }
  }

  toggle() {
    this.forTalk = this.kept = false;
    if (this.isOpen || this.opening) this.close();
    else this.open();
  }

  async open() {
    const { deaf } = this;
    if (deaf) this.report(deaf);
    if (this.settings().input === false) return;
    this.opening = true;
    this.pressed(true);
    try {
      if (!(await this.sound.openMicrophone(this.settings()))) return;
      this.tell(true);
      this.fresh = true;
      this.onopen();
      this.recovered("mic_", "insecure_context");
    } catch (failure) {
      this.pressed(false);
      this.report(/** @type {Failure} */ (failure));
    }
    this.opening = false;
    this.onchange();
  }

  close() {
    const { isOpen } = this;
    this.opening = false;
    this.sound.closeMicrophone();
    this.pressed(false);
    if (isOpen) this.tell(false);
    this.recovered(MIC_MUTED.code);
    this.onchange();
  }

  /** Another view has it now, and the bridge knows. */
  taken() {
    this.kept = this.forTalk = false;
    if (!this.isOpen) return;
    this.sound.closeMicrophone();
    this.pressed(false);
    this.recovered(MIC_MUTED.code);
    this.onchange();
  }

  /** The space bar went down. @returns {boolean} false if nothing can be said now */
  press() {
    if (this.button.disabled) return false;
    if (this.deaf) {
      this.report(this.deaf);
      return false;
    }
    this.connection.send({ type: "activity_start" });
    this.root.dataset.talking = "true";
    if (!this.isOpen && !this.opening) {
      this.forTalk = true;
      this.open();
    }
    return true;
  }

  /** The space bar went up. */
  release() {
    this.connection.send({ type: "activity_end" });
    delete this.root.dataset.talking;
    if (this.forTalk) this.close();
    this.forTalk = false;
  }

  /** @param {boolean} on */
  tell(on) {
    this.connection.send({ type: "mic", on });
  }

  /** @param {boolean} pressed */
  pressed(pressed) {
    this.button.setAttribute("aria-pressed", String(pressed));
    if (!pressed) this.meter.clear();
  }

  /**
   * @param {boolean} usable whether anything may be said now
   * @param {string} [why] not, where that is so
   */
  show(usable, why = "") {
    const { deaf, button } = this;
    // A button that is disabled could not say why: it stays, and says it when it is pressed.
    button.disabled = !usable || (this.settings().input === false && !deaf);
    button.setAttribute("aria-disabled", String(deaf !== null));
    button.title = deaf ? `${deaf.message} ${deaf.remedy}` : button.disabled && why ? `${LABEL}: ${why}` : LABEL;
  }

  /** Lets go of the space bar, whatever holds it. */
  off() {
    this.stopReleasing();
    this.kept = false;
    this.talk.release();
  }
}
