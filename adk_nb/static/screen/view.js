/** One view of a session: it wires the connection, the sound and the elements together. */
import { CLOSE, MAX_TYPED } from "../link/wire.js";
import { Connection } from "../link/connection.js";
import { audioSettings, Sound } from "../sound/audio.js";
import { AgentState } from "./agent-state.js";
import { CameraControls } from "./camera-controls.js";
import { debugHandle } from "./debug-handle.js";
import { ENDED, NOT_SENT, REFUSED, showFailure, TOO_LONG, UNREACHABLE } from "./error-bar.js";
import { characters } from "./format.js";
import { layOut } from "./layout.js";
import { MicrophoneControls } from "./microphone-controls.js";
import { Panel } from "./panel.js";
import { effectiveState, stateLabel } from "./status.js";
import { formatQuestion, TranscriptModel } from "./transcript-model.js";
import { tagOf, Transcript } from "./transcript.js";

/**
 * @typedef {import("../link/wire.js").Message} Message
 * @typedef {import("../link/wire.js").Failure} Failure
 *
 * @typedef {object} ViewOptions
 * @property {HTMLElement} root
 * @property {() => Promise<import("../link/connection.js").Address>} address
 * @property {{recorder: string, player: string}} worklets their URLs
 * @property {{agent: string, model: string}} names to show before the bridge says them
 * @property {string} [transport]
 */

const REPORTS_KEPT = 200;
const PATIENCE = 3; // failed attempts before it says so

export class View {
  /** @param {ViewOptions} options */
  constructor({ root, address, worklets, names, transport = "websocket" }) {
    this.layout = layOut(root);
    this.layout.head.status.dataset.transport = this.layout.head.transport.textContent = transport;
    this.listeners = new AbortController();
    this.transcriptModel = new TranscriptModel();
    this.transcript = new Transcript(this.layout.transcript, (id, approved, answer) => this.ask({ type: "confirm", id, approved, ...(answer ? { answer } : {}) }),
      ({ id, offset }) => this.ask({ type: "more", id, offset }), (id) => this.ask({ type: "stop", id }));
    this.agent = new AgentState();
    this.panel = new Panel(this.layout.panel, {
      agent: this.agent,
      onswitch: (name, on) => this.ask({ type: "tool", name, on }),
      signal: this.listeners.signal,
    });
    this.kernel = "ready";
    this.detail = "";
    this.sessionId = "";
    /** @type {Record<string, any>} */
    this.audio = {};
    /** @type {number | null} the turn that is heard now */
    this.sounding = null;
    this.audioTurn = -1;
    this.startedTurn = -1; // the newest that has begun to sound, or was cut off before
    this.underrunsBefore = 0;
    /** @type {Failure | null} */
    this.failure = null;
    /** @type {import("../sound/audio.js").PlaybackReport[]} */
    this.playback = [];
    this.framesReceived = 0;
    this.sound = new Sound({
      worklets,
      onframe: (frame) => this.microphone.recorded(frame),
      onplayback: (report) => this.played(report),
      onsuspended: (suspended) => this.layout.unmute.toggleAttribute("hidden", !suspended),
      onmiclost: (failure) => this.microphone.lost(failure),
    });
    this.connection = new Connection({
      address,
      onhello: (hello) => this.welcome(hello),
      onmessage: (message) => this.receive(message),
      onaudio: (frame) => this.heard(frame),
      onlink: (link, code) => this.linked(link, code),
    });
    const controls = {
      layout: this.layout,
      connection: this.connection,
      report: (/** @type {Failure} */ failure) => this.report(failure),
      onchange: () => this.show(),
      signal: this.listeners.signal,
    };
    this.microphone = new MicrophoneControls({ ...controls, sound: this.sound, settings: () => this.audio });
    this.camera = new CameraControls(controls);
    Object.assign(root, { adkNb: debugHandle(this) });
    this.name({ type: "hello", ...names });
    this.listen();
    this.show();
    this.connection.connect();
  }

  listen() {
    const { root, control, error, unmute } = this.layout;
    const { signal } = this.listeners;
    control.send.addEventListener("click", () => this.sendText(), { signal });
    control.interrupt.addEventListener("click", () => this.interrupt(), { signal });
    control.text.addEventListener("input", () => this.show(), { signal });
    error.dismiss.addEventListener("click", () => this.fail(null), { signal });
    control.voice.addEventListener("click", () => this.ask({ type: "voice", on: this.audio.output === false }), { signal });
    unmute.addEventListener("click", () => this.sound.resume(), { signal });
    control.text.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
      event.preventDefault();
      this.sendText();
    }, { signal });
    root.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && !control.interrupt.disabled) this.interrupt();
      event.stopPropagation(); // a notebook would take keys for its own commands
    }, { signal });
  }

  // From the bridge

  /** @param {Message} hello */
  welcome(hello) {
    if (hello.session_id !== this.sessionId) {
      this.sessionId = String(hello.session_id ?? "");
      this.transcriptModel = new TranscriptModel();
      this.sound.reset();
      this.sounding = null;
      this.audioTurn = this.startedTurn = -1;
    }
    this.useAudio(hello.audio);
    this.underrunsBefore = this.playback.at(-1)?.underruns ?? 0;
    this.stated(hello);
    this.name(hello);
    this.transcriptModel.clear();
    this.transcript.clear();
    for (const message of Array.isArray(hello.history) ? hello.history : []) this.transcriptModel.apply(message);
    this.transcript.update(this.transcriptModel.entries, [...this.transcriptModel.entries]);
    this.announceQuestion();
    this.microphone.resume();
    this.camera.resume(hello.video === true);
    if (this.audio.output !== false) this.sound.start().catch((failure) => this.report(failure));
    this.show();
  }

  /** @param {unknown} said of what use microphone and player are */
  useAudio(said) {
    this.audio = audioSettings(said);
    const speaks = this.audio.output !== false;
    this.layout.control.voice.setAttribute("aria-pressed", String(speaks));
    this.layout.control.voice.title = speaks ? "The agent speaks: click, and it only writes" : "The agent only writes: click, and it speaks";
    if (!speaks) this.silence(this.audioTurn);
    this.layout.control.text.placeholder = this.audio.input === false ? "Type a message" : "Speak, or type a message";
    if (this.audio.input === false && (this.microphone.isOpen || this.microphone.opening)) this.microphone.close();
  }

  /** A player that was of no use may be now. @param {Message} message */
  usesAudio({ audio }) {
    this.useAudio(audio);
    if (this.audio.output !== false) this.sound.start().catch((failure) => this.report(failure));
  }

  /** @param {Message} message */
  receive(message) {
    if (message.type === "turn") this.turned(message);
    else if (message.type === "state") this.stated(message);
    else if (message.type === "agent") this.swapped(message);
    else if (message.type === "error") this.failed(message);
    else if (message.type === "audio") this.usesAudio(message);
    const finished = this.transcript.update(this.transcriptModel.entries, this.transcriptModel.apply(message));
    for (const entry of finished) {
      const who = entry.role === "user" ? "You" : entry.author || entry.call;
      const said = entry.withheld ? `${entry.text} (${tagOf(entry)})`.trim() : entry.text;
      if (said) this.layout.live.textContent = who ? `${who}: ${said}` : said;
    }
    this.announceQuestion();
    this.show();
  }

  /** @param {Message} message */
  stated({ type, state, detail }) {
    this.kernel = String(state ?? "ready");
    this.detail = typeof detail === "string" ? detail : "";
    if (type === "state") this.microphone.fresh = false;
  }

  /** @param {Message} message */
  turned({ turn, state }) {
    if (state !== "started" && this.failure?.code === "connection_lost") this.fail(null); // it came back
    if (state === "complete") this.sound.end(turn);
    else if (state === "resumed") this.sound.resumeTurn(turn);
    else if (state !== "started") this.silence(turn);
  }

  /** @param {number} turn to be cut off */
  silence(turn) {
    this.sound.flush(turn);
    this.startedTurn = Math.max(this.startedTurn, turn);
  }

  /** @param {Message} message */
  failed({ code, message, remedy }) {
    this.fail({ code: String(code ?? "error"), message: String(message ?? ""), remedy: String(remedy ?? "") });
    if (this.agent.settle()) this.panel.draw();
  }

  /** @param {import("../link/wire.js").AudioFrame} frame */
  heard(frame) {
    this.framesReceived += 1;
    if (this.audio.output === false) return;
    this.audioTurn = Math.max(this.audioTurn, frame.turn);
    this.sound.play(frame);
  }

  /**
   * @param {import("../link/connection.js").Link} link
   * @param {number} code
   */
  linked(link, code) {
    if (link === "open" && this.failure && [UNREACHABLE, REFUSED, NOT_SENT].includes(this.failure)) this.fail(null);
    if (link === "closed") {
      this.sound.close();
      this.camera.off();
      this.microphone.pressed(false);
      if (code !== CLOSE.SESSION_ENDED) this.fail(code === CLOSE.NO_SESSION ? ENDED : REFUSED);
    } else if (this.connection.failures >= PATIENCE) {
      this.fail(UNREACHABLE);
    }
    this.show();
  }

  // From the audio thread

  /** @param {import("../sound/audio.js").PlaybackReport} report */
  played(report) {
    const { type: event, turn, played_ms, clock } = report;
    this.playback.push(report);
    if (this.playback.length > REPORTS_KEPT) this.playback.shift();
    this.connection.send({ type: "playback", event, turn, played_ms, clock, underruns: report.underruns - this.underrunsBefore });
    this.startedTurn = Math.max(this.startedTurn, turn);
    if (event === "started" || event === "progress") this.sounding = turn;
    else if (turn === this.sounding) this.sounding = null;
    this.show();
  }

  // From the user

  sendText() {
    const { text } = this.layout.control;
    const typed = text.value.trim();
    if (!typed) return;
    if (characters(typed) > MAX_TYPED) this.fail(TOO_LONG);
    else if (this.connection.send({ type: "text", text: typed })) text.value = "";
    else this.fail(NOT_SENT);
    this.transcript.following = true;
    this.show();
  }

  /** @param {Message} message @returns {boolean} whether it went out */
  ask(message) {
    const sent = this.connection.send(message);
    if (!sent) this.fail(NOT_SENT);
    return sent;
  }

  interrupt() {
    this.connection.send({ type: "interrupt" });
    this.silence(this.audioTurn); // silent at once; the bridge's word only confirms it
  }

  // On the page

  /** @param {Message} message what answers */
  name(message) {
    const { agent } = this;
    const { head } = this.layout;
    agent.say(message);
    head.agent.textContent = agent.name;
    head.model.textContent = agent.model;
    head.agent.title = agent.working.length ? `Tools: ${agent.working.join(", ")}` : "";
    this.panel.draw();
  }

  /** @param {Message} message */
  swapped(message) {
    const { row } = this.layout.head;
    this.name(message);
    if (typeof message.video === "boolean") this.camera.allow(message.video);
    row.classList.remove("adk-nb-swapped");
    void row.offsetWidth; // or the animation would not start again
    row.classList.add("adk-nb-swapped");
  }

  /** A question stands in its live region as long as it waits. */
  announceQuestion() {
    const { alert } = this.layout;
    const { question } = this.transcriptModel;
    const said = question ? formatQuestion(question) : "";
    if (alert.textContent !== said) alert.textContent = said;
  }

  get state() {
    return effectiveState({
      link: this.connection.link,
      kernel: this.kernel,
      sounding: this.sounding !== null,
      pending: this.audioTurn > this.startedTurn,
      audible: this.audio.output !== false && this.sound.context?.state === "running",
      fresh: this.microphone.fresh && this.microphone.isOpen,
    });
  }

  show() {
    const { head, control, root } = this.layout;
    const state = this.state;
    const usable = this.connection.link === "open" && state !== "closed";
    root.dataset.state = head.status.dataset.state = state;
    const label = stateLabel(state, this.connection.link, this.detail, this.microphone.isOpen);
    if (head.state.textContent !== label) head.state.textContent = head.state.title = label;
    // What is said before the model has loaded would come too late, or not at all.
    this.microphone.show(usable && state !== "connecting");
    this.camera.show(usable && state !== "connecting");
    control.interrupt.disabled = !usable || !["thinking", "speaking", "writing"].includes(state);
    control.voice.disabled = !usable;
    control.text.disabled = state === "closed";
    this.panel.tools.disabled = control.text.disabled;
    control.send.disabled = control.text.disabled || !control.text.value.trim();
  }

  /** @param {Failure} failure also for the session's log */
  report(failure) {
    this.connection.send({ type: "error", code: failure.code, message: failure.message });
    this.fail(failure);
  }

  /** @param {Failure | null} failure to show, or none */
  fail(failure) {
    this.failure = failure;
    showFailure(this.layout.error, failure);
  }

  /** The kernel closed the session on purpose. */
  end() {
    this.connection.end(CLOSE.SESSION_ENDED);
  }

  /** Undoes everything. */
  close() {
    this.listeners.abort();
    this.microphone.off();
    this.camera.off();
    this.connection.close();
    return this.sound.close();
  }
}
