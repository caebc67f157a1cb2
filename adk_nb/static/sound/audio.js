/** Web Audio of one view: a context, the microphone's recorder and the agent's player. */

import { refusal } from "../link/refusals.js";

/**
 * @typedef {{samples: Int16Array<ArrayBuffer>, clock: number, rms: number, peak: number}} MicrophoneFrame
 * @typedef {import("./player.js").PlayerReport & {clock: number, estimated: boolean}} PlaybackReport
 * @typedef {import("../link/wire.js").Failure} Failure
 *
 * @typedef {object} AudioOptions
 * @property {{recorder: string, player: string}} worklets their URLs
 * @property {(frame: MicrophoneFrame) => void} onframe
 * @property {(report: PlaybackReport) => void} onplayback
 * @property {(state: string) => void} onstate the context's: `suspended` where the browser wants a gesture before it plays
 * @property {(failure: Failure) => void} onmiclost the device went away while it was open
 * @property {(muted: boolean) => void} onmicmuted the system or the device mutes it while it is open, or no more
 */

const MIC_DENIED = {
  code: "mic_denied",
  message: "The browser was not allowed to use the microphone.",
  remedy: "Allow the microphone for this site in the address bar, then click the microphone again.",
};
const MIC_MISSING = {
  code: "mic_missing",
  message: "No microphone was found.",
  remedy: "Connect one and click the microphone again, or type instead.",
};
const MIC_LOST = {
  code: "mic_failed",
  message: "The microphone was disconnected.",
  remedy: "Connect it again and click the microphone.",
};
const INSECURE = {
  code: "insecure_context",
  message: "Browsers give out the microphone only over HTTPS or on localhost.",
  remedy: "Open Jupyter at http://localhost or over HTTPS, or type instead.",
};

/** @param {unknown} error @returns {string} */
function reason(error) {
  return error instanceof Error ? error.message : String(error);
}

/** @param {unknown} error from getUserMedia @returns {Failure} */
export function microphoneFailure(error) {
  const name = /** @type {{name?: string}} */ (error)?.name;
  if (name === "NotAllowedError" || name === "SecurityError") return refusal(error, "microphone") ?? MIC_DENIED;
  if (name === "NotFoundError" || name === "OverconstrainedError") return MIC_MISSING;
  return {
    code: "mic_failed",
    message: `The microphone could not be opened: ${reason(error)}.`,
    remedy: "Close other programs that use it and click the microphone again, or type instead.",
  };
}

/** @param {unknown} error @returns {Failure} */
export function audioFailure(error) {
  return {
    code: "audio_failed",
    message: `The browser's audio could not be started: ${reason(error)}.`,
    remedy: "Reload the page; the agent's words are still shown as text.",
  };
}

/** Whether asking for the output's latency is safe: Firefox freezes on it where sound begins and the microphone is open. */
export function tellsLatency(agent = navigator.userAgent ?? "") {
  return !/\bFirefox\//.test(agent);
}

/**
 * When the context's `time` sounds, in performance.now()'s milliseconds.
 *
 * @param {AudioContext} context
 * @param {number} time
 * @returns {{clock: number, estimated: boolean}} estimated where the browser does not tell the latency of its output
 */
export function soundsAt(context, time) {
  const now = performance.now();
  const asked = tellsLatency();
  const { contextTime = 0, performanceTime = 0 } = (asked && context.getOutputTimestamp?.()) || {};
  if (contextTime > 0 && Math.abs(now - performanceTime) < 1000) return { clock: performanceTime + (time - contextTime) * 1000, estimated: false };
  const latency = asked ? context.outputLatency : 0;
  return { clock: now + (time - context.currentTime + (latency || context.baseLatency || 0)) * 1000, estimated: !latency };
}

/**
 * Puts the audio thread's times on the page's clock. A message from that thread is never early,
 * so the least delay seen is the best guess; the creep lets it follow a drifting sound card.
 */
export class CaptureClock {
  constructor() {
    this.offset = Infinity;
  }

  /**
   * @param {number} time the context's, in seconds
   * @param {number} now
   */
  at(time, now) {
    this.offset = Math.min(this.offset + 0.01, now - time * 1000);
    return time * 1000 + this.offset;
  }
}

/**
 * @param {Record<string, unknown>} [settings] the kernel's wishes, as the bridge's hello states them
 * @returns {MediaTrackConstraints}
 */
export function microphoneConstraints(settings = {}) {
  return {
    channelCount: 1,
    echoCancellation: settings.echo_cancellation !== false,
    noiseSuppression: settings.noise_suppression !== false,
    autoGainControl: settings.auto_gain_control !== false,
  };
}

/**
 * @param {unknown} said the hello's `audio`: whether there is any, or an object that says more
 * @returns {Record<string, any>}
 */
export function audioSettings(said) {
  if (said === false) return { input: false, output: false };
  return said && typeof said === "object" ? said : {};
}

export class Sound {
  /** @param {AudioOptions} options */
  constructor(options) {
    this.options = options;
    /** @type {AudioContext | null} */
    this.context = null;
    /** @type {GainNode | null} the last node before the speakers */
    this.output = null;
    /** @type {AudioWorkletNode | null} */
    this.player = null;
    /** @type {{stream: MediaStream, source: MediaStreamAudioSourceNode, recorder: AudioWorkletNode} | null} */
    this.microphone = null;
    /** @type {Promise<void> | null} */
    this.starting = null;
    this.wanted = 0; // counts openings and closings: the last one wins
    this.closed = false;
    this.listeners = new AbortController();
    /** @type {object[]} what came before the player was up */
    this.early = [];
  }

  /** Brings up the context and the player; throws a Failure. */
  start() {
    this.starting ??= this.build().catch((error) => {
      this.starting = null;
      if (!this.closed) throw audioFailure(error); // a context that is closed loads no more
    });
    return this.starting;
  }

  async build() {
    const context = new AudioContext({ latencyHint: "interactive" });
    this.context = context;
    const { signal } = this.listeners;
    context.addEventListener("statechange", () => this.noticeState(), { signal });
    // Also when the page is seen again: what interrupted it, such as a call, may have ended meanwhile.
    for (const gesture of ["pointerdown", "keydown", "visibilitychange"]) {
      document.addEventListener(gesture, () => this.resume(), { signal, capture: true, passive: true });
    }
    const { recorder, player } = this.options.worklets;
    await Promise.all([context.audioWorklet.addModule(recorder), context.audioWorklet.addModule(player)]);
    if (this.closed) return;
    this.output = new GainNode(context);
    this.output.connect(context.destination);
    this.player = new AudioWorkletNode(context, "adk-nb-player", { numberOfInputs: 0, outputChannelCount: [1] });
    this.player.port.onmessage = ({ data }) => {
      this.options.onplayback({ ...data, ...soundsAt(context, data.time) });
    };
    this.player.connect(this.output);
    for (const message of this.early.splice(0)) this.post(message);
    this.noticeState();
  }

  resume() {
    const state = /** @type {string | undefined} */ (this.context?.state);
    if (state === "suspended" || state === "interrupted") this.context?.resume().catch(() => {});
  }

  noticeState() {
    if (!this.closed && this.context) this.options.onstate(this.context.state);
  }

  /**
   * @param {object} message
   * @param {Transferable[]} [transfer]
   */
  post(message, transfer = []) {
    if (this.player) this.player.port.postMessage(message, transfer);
    else if (this.starting) this.early.push(message);
  }

  /** @param {import("../link/wire.js").AudioFrame} frame */
  play({ turn, rate, samples }) {
    this.post({ type: "audio", turn, rate, samples }, [samples.buffer]);
  }

  /** @param {number} turn */
  end(turn) {
    this.post({ type: "end", turn });
  }

  /** @param {number} turn */
  flush(turn) {
    this.post({ type: "flush", turn });
  }

  /** @param {number} turn */
  resumeTurn(turn) {
    this.post({ type: "resume", turn });
  }

  reset() {
    this.post({ type: "reset" });
  }

  /** @param {number} turn of which the rest comes @param {number} playedMs how much has sounded in another view */
  continueAt(turn, playedMs) {
    this.post({ type: "continue", turn, played_ms: playedMs });
  }

  /**
   * Opens the microphone; throws a Failure.
   *
   * @param {Record<string, unknown>} [settings]
   * @returns {Promise<boolean>} false if it was closed again meanwhile
   */
  async openMicrophone(settings) {
    const wanted = ++this.wanted;
    if (!globalThis.isSecureContext || !navigator.mediaDevices?.getUserMedia) throw INSECURE;
    const starting = this.start();
    let stream;
    try {
      stream = await navigator.mediaDevices.getUserMedia({ audio: microphoneConstraints(settings), video: false });
    } catch (error) {
      starting.catch(() => {});
      throw microphoneFailure(error);
    }
    try {
      await starting;
      if (wanted !== this.wanted || !this.context || this.closed) {
        stopTracks(stream);
        return false;
      }
      this.resume();
      this.record(this.context, stream);
    } catch (error) {
      stopTracks(stream);
      throw error;
    }
    return true;
  }

  /**
   * @param {AudioContext} context
   * @param {MediaStream} stream
   */
  record(context, stream) {
    this.stopMicrophone();
    const source = new MediaStreamAudioSourceNode(context, { mediaStream: stream });
    const recorder = new AudioWorkletNode(context, "adk-nb-recorder", { numberOfOutputs: 0 });
    const [track] = stream.getAudioTracks();
    const hardwareMs = (/** @type {{latency?: number}} */ (track.getSettings()).latency ?? 0) * 1000;
    const clock = new CaptureClock();
    recorder.port.onmessage = ({ data }) => {
      const at = clock.at(data.time, performance.now()) - hardwareMs;
      this.options.onframe({ samples: data.samples, clock: at, rms: data.rms, peak: data.peak });
    };
    track.onended = () => {
      this.closeMicrophone();
      this.options.onmiclost(MIC_LOST);
    };
    track.onmute = () => this.options.onmicmuted(true);
    track.onunmute = () => this.options.onmicmuted(false);
    source.connect(recorder);
    this.microphone = { stream, source, recorder };
    if (track.muted) this.options.onmicmuted(true);
  }

  closeMicrophone() {
    this.wanted += 1;
    this.stopMicrophone();
  }

  stopMicrophone() {
    const microphone = this.microphone;
    this.microphone = null;
    if (!microphone) return;
    const { stream, source, recorder } = microphone;
    for (const track of stream.getTracks()) track.onended = track.onmute = track.onunmute = null;
    stopTracks(stream);
    source.disconnect();
    endWorklet(recorder);
  }

  /** Undoes everything. */
  async close() {
    this.closed = true;
    this.closeMicrophone();
    this.listeners.abort();
    if (this.player) endWorklet(this.player);
    this.player = null;
    this.output?.disconnect();
    const context = this.context;
    this.context = null;
    if (context && context.state !== "closed") await context.close();
  }
}

/** @param {MediaStream} stream */
function stopTracks(stream) {
  for (const track of stream.getTracks()) track.stop();
}

/** @param {AudioWorkletNode} node */
function endWorklet(node) {
  node.port.postMessage({ type: "stop" });
  node.port.onmessage = null;
  node.port.close();
  node.disconnect();
}
