/** One view of a session: it wires the connection, the sound and the elements together. */
import { CLOSE } from "../link/wire.js";
import { Connection } from "../link/connection.js";
import { CommChannel } from "../link/comm-channel.js";
import { helps, offer } from "../link/page-link.js";
import { Ways } from "../link/ways.js";
import { audioSettings, Sound } from "../sound/audio.js";
import { OneMicrophone } from "../sound/one-microphone.js";
import { AgentState } from "./agent-state.js";
import { AgentVoice } from "./agent-voice.js";
import { Away } from "./away.js";
import { CameraControls } from "./camera-controls.js";
import { CurrentError } from "./current-error.js";
import { debugHandle } from "./debug-handle.js";
import { cellHolds, NOT_SENT } from "./error-bar.js";
import { Header } from "./header.js";
import { Help } from "./help.js";
import { isComposing, keepOwnKeys } from "./keys.js";
import { layOut } from "./layout.js";
import { LiveTranscript } from "./live-transcript.js";
import { MicrophoneControls } from "./microphone-controls.js";
import { Panel } from "./panel.js";
import { Places } from "./places.js";
import { RedefinedLine } from "./redefined.js";
import { showSoundState } from "./sound-state.js";
import { Replay } from "./replay.js";
import { effectiveState, stateLabel, whyNotHeard } from "./status.js";
import { examine } from "./examination.js";
import { TextBox } from "./text-box.js";
import { NOTEBOOK } from "./wording.js";

/**
 * @typedef {import("../link/wire.js").Message} Message
 * @typedef {import("../link/wire.js").Failure} Failure
 *
 * @typedef {object} ViewOptions
 * @property {HTMLElement} root
 * @property {() => Promise<import("../link/connection.js").Address>} address
 * @property {{recorder: string, player: string}} worklets their URLs
 * @property {{agent: string, model: string, tools?: string[]}} names to show before the bridge says them
 * @property {import("../link/comm-channel.js").Port} [port] the widget's own messages
 * @property {() => Promise<import("../link/page-link.js").PageLink>} [page] a link to a page of its own
 * @property {import("./wording.js").Wording} [wording]
 * @property {() => void} [renew] has the next address be that of a new conversation, where this one is not known any more
 */

const PATIENCE = 3; // failed attempts before it says so
const OF_THE_LINK = new Set(["unreachable", "refused", NOT_SENT.code]);

export class View {
  /** @param {ViewOptions} options */
  constructor({ root, address, worklets, names, port, page, wording = NOTEBOOK, renew }) {
    this.page = page;
    this.wording = wording;
    this.renew = renew;
    this.layout = layOut(root);
    this.listeners = new AbortController();
    const { signal } = this.listeners;
    /** Its name for the kernel, over all its connections. */
    this.id = Math.random().toString(36).slice(2);
    this.kernel = "ready";
    this.detail = "";
    this.sessionId = "";
    /** @type {Record<string, any>} */
    this.audio = {};
    this.transcript = new LiveTranscript(this.layout, (message) => this.ask(message));
    this.agent = new AgentState();
    this.panel = new Panel(this.layout.panel, { agent: this.agent, onswitch: (name, on) => this.ask({ type: "tool", name, on }), signal });
    this.help = new Help(this.layout, wording.calls, signal);
    this.redefined = new RedefinedLine(() => this.ask({ type: "reload" }));
    this.layout.error.row.before(this.redefined.row);
    this.error = new CurrentError(this.layout.error, (message) => this.connection.send(message));
    this.sound = this.makeSound(worklets);
    this.replay = this.makeReplay();
    this.ways = new Ways({ comm: port ? () => new CommChannel(port, (held) => this.held(held)) : null });
    this.connection = this.makeConnection(address);
    this.header = new Header(this.layout.head, wording.ways, this.connection);
    const controls = this.forControls();
    this.voice = new AgentVoice({ ...controls, sound: this.sound, ask: (message) => this.ask(message), here: () => this.places.plays });
    this.text = new TextBox({ ...controls, fail: (failure) => this.fail(failure), onsend: () => this.transcript.toEnd() });
    this.places = new Places(this.layout, { hear: () => this.ask({ type: "take" }), speak: () => this.microphone.open(), signal });
    this.one = new OneMicrophone({ session: () => this.sessionId, taken: () => this.microphoneTaken() });
    this.microphone = new MicrophoneControls({ ...controls, sound: this.sound, settings: () => this.audio, onopen: () => this.microphoneOpened() });
    this.away = new Away(root, { name: () => this.agent.name, stop: () => this.microphone.close() });
    this.camera = new CameraControls(controls);
    Object.assign(root, { adkNb: debugHandle(this) });
    this.name({ type: "hello", ...names });
    this.listen();
    this.show();
    this.connection.connect();
  }

  /** @param {ViewOptions["worklets"]} worklets */
  makeSound(worklets) {
    return new Sound({
      worklets,
      onframe: (frame) => this.microphone.recorded(frame),
      onplayback: (report) => this.played(report),
      onstate: (state) => showSoundState(this.layout.unmute, state),
      onmiclost: (failure) => this.microphone.lost(failure),
      onmicmuted: (muted) => this.microphone.muted(muted),
    });
  }

  makeReplay() {
    const { sound } = this;
    const { lines } = this.transcript;
    const replay = new Replay({
      sound,
      ask: (message) => this.ask(message),
      busy: () => this.voice.sounding !== null,
      onchange: (turn) => lines.playing(turn),
    });
    lines.onplay = (turn) => replay.toggle(turn).catch((failure) => this.report(failure));
    return replay;
  }

  /** @param {ViewOptions["address"]} address */
  makeConnection(address) {
    return new Connection({
      address,
      renew: this.renew,
      about: () => ({ view: this.id }),
      dial: (to) => this.ways.dial(to),
      ongood: (to, transport) => this.ways.good(to, transport),
      onhello: (hello) => this.welcome(hello),
      onmessage: (message) => this.receive(message),
      onaudio: (frame) => this.voice.heard(frame),
      onlink: (link, code) => this.linked(link, code),
    });
  }

  /** What every part with controls needs. */
  forControls() {
    return {
      layout: this.layout,
      connection: this.connection,
      report: (/** @type {Failure} */ failure) => this.report(failure),
      recovered: (/** @type {string[]} */ ...causes) => this.error.over(...causes),
      onchange: () => this.show(),
      signal: this.listeners.signal,
    };
  }

  listen() {
    const { root, control, error, unmute } = this.layout;
    const { signal } = this.listeners;
    control.interrupt.addEventListener("click", () => this.interrupt(), { signal });
    error.dismiss.addEventListener("click", () => this.error.dismiss(), { signal });
    unmute.addEventListener("click", () => this.sound.resume(), { signal });
    root.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && !isComposing(event) && !control.interrupt.disabled) this.interrupt();
    }, { signal });
    keepOwnKeys(root, signal);
  }

  // From the bridge

  /** @param {Message} hello */
  welcome(hello) {
    if (hello.session_id !== this.sessionId) {
      this.sessionId = String(hello.session_id ?? "");
      this.transcript.begin(this.renew ? this.wording.anew : "");
      this.voice.begin();
    } else {
      this.voice.goOn(Number(hello.turn));
    }
    this.placed({ speaker: hello.plays === false ? "elsewhere" : "here", microphone: "none" });
    this.useAudio(hello.audio);
    this.voice.connected();
    this.stated(hello);
    this.name(hello);
    this.transcript.refill([hello.history, hello.facts].filter(Array.isArray).flat());
    this.redefined.show(hello.redefined);
    this.microphone.resume();
    this.text.resume();
    this.camera.resume(hello.video === true);
    this.voice.start();
    this.show();
  }

  /** @param {unknown} said of what use microphone and player are */
  useAudio(said) {
    this.audio = audioSettings(said);
    const hears = this.audio.input !== false;
    const speaks = this.audio.output !== false;
    if (hears) this.error.over("cannot_hear");
    this.voice.use(speaks);
    this.transcript.plays(speaks);
    this.text.invite(hears);
    if (!hears && (this.microphone.isOpen || this.microphone.opening)) this.microphone.close();
  }

  /** A player that was of no use may be now. @param {Message} message */
  usesAudio({ audio }) {
    this.useAudio(audio);
    this.voice.start();
  }

  /** Which view plays, and which has the microphone. @param {{[field: string]: any}} message */
  placed(message) {
    const played = this.places.plays;
    this.places.say(message);
    if (message.microphone === "elsewhere") {
      this.places.taken = false; // it is in this widget again
      this.microphone.taken();
    }
    if (played === this.places.plays) return;
    if (played) {
      this.voice.leave();
      this.transcript.elsewhere();
    } else {
      this.voice.take();
    }
  }

  microphoneOpened() {
    this.places.taken = false;
    if (this.audio.shared_microphone !== true) this.one.opened();
  }

  /** Another widget's microphone was opened. */
  microphoneTaken() {
    if (!this.microphone.isOpen || this.audio.shared_microphone === true) return;
    this.places.taken = true;
    this.microphone.close();
  }

  /** @param {Message} message */
  receive(message) {
    if (message.type === "turn") this.voice.turned(message);
    else if (message.type === "state") this.stated(message);
    else if (message.type === "agent") this.swapped(message);
    else if (message.type === "error") this.failed(message);
    else if (message.type === "audio") this.usesAudio(message);
    else if (message.type === "redefined") this.redefined.show(message.names);
    else if (message.type === "turn_sound") this.replay.receive(message);
    else if (message.type === "examine") this.examined(message);
    else if (message.type === "place") this.placed(message);
    else if (message.type === "continue") this.voice.continued(message);
    else if (message.type === "position" && !this.places.plays) this.voice.elsewhere(message);
    this.error.answered(message);
    this.transcript.receive(message);
    this.show();
  }

  /** `adk_nb.doctor()` asks. @param {Message} message */
  async examined({ id }) {
    const { connection, sound } = this;
    const ways = connection.address ? this.ways.all(connection.address) : [];
    const found = await examine({ connection, ways, sound });
    this.connection.send({ type: "findings", id, found });
  }

  /** @param {Message} message */
  stated({ type, state, detail }) {
    this.kernel = String(state ?? "ready");
    this.detail = typeof detail === "string" ? detail : "";
    if (type === "state") this.microphone.fresh = false;
  }

  /** @param {Message} message */
  failed({ code, message, remedy, lasts }) {
    const failure = { code: String(code ?? "error"), message: String(message ?? ""), remedy: String(remedy ?? "") };
    this.error.show({ ...failure, lasts: lasts === true });
    if (this.agent.settle()) this.panel.draw();
    this.redefined.again();
  }

  /**
   * @param {import("../link/connection.js").Link} link
   * @param {number} code
   */
  linked(link, code) {
    if (link === "open" && this.failure && OF_THE_LINK.has(this.failure.code)) this.fail(null);
    if (link === "reconnecting") this.microphone.linkLost();
    if (link === "closed") {
      this.microphone.off();
      this.sound.close();
      this.camera.off();
      this.redefined.show([]);
      this.microphone.pressed(false);
      if (code !== CLOSE.SESSION_ENDED) this.fail(code === CLOSE.NO_SESSION ? this.wording.ended : this.wording.refused);
    } else if (this.connection.failures >= PATIENCE) {
      const forced = this.ways.comm ? this.connection.address?.transport : ""; // a page of its own has but one
      this.fail(this.wording.unreachable(this.connection.tried, forced));
    }
    this.show();
  }

  /** A cell keeps the kernel from hearing this page, or no more. @param {{ipykernel: string} | null} held */
  held(held) {
    if (held) this.fail(cellHolds(held.ipykernel));
    else if (this.failure?.code === "cell_holds") this.fail(null);
  }

  // From the audio thread

  /** @param {import("../sound/audio.js").PlaybackReport} report */
  played(report) {
    this.voice.played(report);
    this.transcript.played(report);
    if (report.type === "started") this.replay.stop(); // the agent speaks
    this.show();
  }

  // From the user

  /** @param {Message} message @returns {boolean} whether it went out */
  ask(message) {
    const sent = this.connection.send(message);
    if (!sent && this.connection.link !== "closed") this.fail(NOT_SENT); // else it says why already
    return sent;
  }

  interrupt() {
    this.connection.send({ type: "interrupt" });
    this.voice.silence(); // silent at once; the bridge's word only confirms it
  }

  // On the page

  /** @param {Message} message what answers */
  name(message) {
    this.agent.say(message);
    this.header.name(this.agent);
    this.panel.draw();
  }

  /** @param {Message} message */
  swapped(message) {
    this.name(message);
    if (typeof message.video === "boolean") this.camera.allow(message.video);
    this.header.swapped();
  }

  get state() {
    return effectiveState({
      link: this.connection.link,
      kernel: this.kernel,
      sounding: this.voice.sounding !== null,
      pending: this.voice.pending,
      audible: this.voice.speaks && this.sound.context?.state === "running",
      fresh: this.microphone.fresh && this.microphone.isOpen,
    });
  }

  show() {
    const { control, root } = this.layout;
    const { state } = this;
    const { link } = this.connection;
    const closed = state === "closed";
    const usable = link === "open" && !closed;
    root.dataset.state = state;
    this.header.show(state, stateLabel(state, link, this.detail, this.microphone.isOpen));
    // What is said before the model has loaded would come too late, or not at all.
    this.microphone.show(usable && state !== "connecting", whyNotHeard(state, link));
    this.camera.show(usable && state !== "connecting");
    this.places.show(usable);
    this.away.show(this.microphone.isOpen);
    control.interrupt.disabled = !usable || !["thinking", "speaking", "writing"].includes(state);
    this.voice.show(usable);
    this.panel.tools.disabled = closed;
    this.text.show(closed);
  }

  /** @param {Failure} failure also for the session's log */
  report(failure) {
    this.error.report(failure);
    if (this.page && helps(failure.code)) offer(this.layout.error.row, this.page);
  }

  /** @param {Failure | null} failure to show, or none */
  fail(failure) {
    this.error.show(failure);
  }

  get failure() {
    return this.error.failure;
  }

  /** The kernel closed the session on purpose. */
  end() {
    this.connection.end(CLOSE.SESSION_ENDED);
  }

  /** Undoes everything. */
  close() {
    this.listeners.abort();
    this.transcript.close();
    this.replay.stop();
    this.microphone.off();
    this.one.close();
    this.camera.off();
    this.connection.close();
    this.away.close(); // after what draws the view anew
    return this.sound.close();
  }
}
