/** One view of a session: it wires the connection, the sound and the elements together. */
import { CLOSE, MAX_TYPED } from "../link/wire.js";
import { Connection } from "../link/connection.js";
import { CommChannel } from "../link/comm-channel.js";
import { helps, offer } from "../link/page-link.js";
import { Ways } from "../link/ways.js";
import { audioSettings, Sound } from "../sound/audio.js";
import { OneMicrophone } from "../sound/one-microphone.js";
import { AgentState } from "./agent-state.js";
import { Away } from "./away.js";
import { CameraControls } from "./camera-controls.js";
import { CurrentError } from "./current-error.js";
import { debugHandle } from "./debug-handle.js";
import { cellHolds, NOT_SENT, TOO_LONG } from "./error-bar.js";
import { characters } from "./format.js";
import { Help } from "./help.js";
import { isComposing, keepOwnKeys } from "./keys.js";
import { layOut } from "./layout.js";
import { MicrophoneControls } from "./microphone-controls.js";
import { Panel } from "./panel.js";
import { Places } from "./places.js";
import { RedefinedLine } from "./redefined.js";
import { showSoundState } from "./sound-state.js";
import { Unsent } from "./unsent.js";
import { Replay } from "./replay.js";
import { SpokenWords } from "./spoken-words.js";
import { effectiveState, stateLabel, transportTitle, whyNotHeard } from "./status.js";
import { examine } from "./examination.js";
import { formatQuestion, TranscriptModel } from "./transcript-model.js";
import { tagOf, Transcript } from "./transcript.js";
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

const REPORTS_KEPT = 200;
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
    this.transcriptModel = new TranscriptModel();
    this.transcript = new Transcript(this.layout.transcript, (id, approved, answer) => this.ask({ type: "confirm", id, approved, ...(answer ? { answer } : {}) }),
      ({ id, offset }) => this.ask({ type: "more", id, offset }), (id) => this.ask({ type: "stop", id }));
    this.spoken = new SpokenWords(() => ({ model: this.transcriptModel, transcript: this.transcript }));
    this.agent = new AgentState();
    this.panel = new Panel(this.layout.panel, {
      agent: this.agent,
      onswitch: (name, on) => this.ask({ type: "tool", name, on }),
      signal: this.listeners.signal,
    });
    this.unsent = new Unsent(this.layout.control);
    this.help = new Help(this.layout, wording.calls, this.listeners.signal);
    this.redefined = new RedefinedLine(() => this.ask({ type: "reload" }));
    this.layout.error.row.before(this.redefined.row);
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
    this.error = new CurrentError(this.layout.error, (message) => this.connection.send(message));
    /** @type {import("../sound/audio.js").PlaybackReport[]} */
    this.playback = [];
    this.framesReceived = 0;
    /** Its name for the kernel, over all its connections. */
    this.id = Math.random().toString(36).slice(2);
    this.sound = new Sound({
      worklets,
      onframe: (frame) => this.microphone.recorded(frame),
      onplayback: (report) => this.played(report),
      onstate: (state) => showSoundState(this.layout.unmute, state),
      onmiclost: (failure) => this.microphone.lost(failure),
      onmicmuted: (muted) => this.microphone.muted(muted),
    });
    this.replay = new Replay({
      sound: this.sound,
      ask: (message) => this.ask(message),
      busy: () => this.sounding !== null,
      onchange: (turn) => this.transcript.lines.playing(turn),
    });
    this.transcript.lines.onplay = (turn) => this.replay.toggle(turn).catch((failure) => this.report(failure));
    this.ways = new Ways({ comm: port ? () => new CommChannel(port, (held) => this.held(held)) : null });
    this.connection = new Connection({
      address,
      renew,
      about: () => ({ view: this.id }),
      dial: (to) => this.ways.dial(to),
      ongood: (to, transport) => this.ways.good(to, transport),
      onhello: (hello) => this.welcome(hello),
      onmessage: (message) => this.receive(message),
      onaudio: (frame) => this.heard(frame),
      onlink: (link, code) => this.linked(link, code),
    });
    const controls = {
      layout: this.layout,
      connection: this.connection,
      report: (/** @type {Failure} */ failure) => this.report(failure),
      recovered: (/** @type {string[]} */ ...causes) => this.error.over(...causes),
      onchange: () => this.show(),
      signal: this.listeners.signal,
    };
    const { signal } = this.listeners;
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

  listen() {
    const { root, head, control, error, unmute } = this.layout;
    const { signal } = this.listeners;
    control.send.addEventListener("click", () => this.sendText(), { signal });
    control.interrupt.addEventListener("click", () => this.interrupt(), { signal });
    control.text.addEventListener("input", () => this.written(), { signal });
    error.dismiss.addEventListener("click", () => this.error.dismiss(), { signal });
    control.voice.addEventListener("click", () => this.ask({ type: "voice", on: this.audio.output === false }), { signal });
    unmute.addEventListener("click", () => this.sound.resume(), { signal });
    head.transport.onpointerenter = () => this.showTransport();
    control.text.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || event.shiftKey || isComposing(event)) return;
      event.preventDefault();
      this.sendText();
    }, { signal });
    root.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && !isComposing(event) && !control.interrupt.disabled) this.interrupt();
    }, { signal });
    keepOwnKeys(root, signal);
  }

  // From the bridge

  /** @param {Message} hello */
  welcome(hello) {
    if (hello.session_id !== this.sessionId) {
      if (this.renew && this.transcriptModel.entries.length) this.transcript.leave(this.wording.anew);
      this.sessionId = String(hello.session_id ?? "");
      this.transcriptModel = new TranscriptModel();
      this.sound.reset();
      this.sounding = null;
      this.audioTurn = this.startedTurn = -1;
    } else if (Number(hello.turn) < this.audioTurn) {
      this.sound.reset(); // another server has taken the conversation over, and counts its turns anew
      this.audioTurn = this.startedTurn = -1;
    }
    this.placed({ speaker: hello.plays === false ? "elsewhere" : "here", microphone: "none" });
    this.useAudio(hello.audio);
    this.underrunsBefore = this.playback.at(-1)?.underruns ?? 0;
    this.stated(hello);
    this.name(hello);
    this.transcriptModel.clear();
    this.transcript.clear();
    for (const message of [hello.history, hello.facts].filter(Array.isArray).flat()) this.transcriptModel.apply(message);
    this.transcript.update(this.transcriptModel.entries, [...this.transcriptModel.entries], this.transcriptModel.facts);
    this.spoken.wait();
    this.announceQuestion();
    this.redefined.show(hello.redefined);
    this.microphone.resume();
    if (this.unsent.take()) this.sendText();
    this.camera.resume(hello.video === true);
    this.startSound();
    this.show();
  }

  /** @param {unknown} said of what use microphone and player are */
  useAudio(said) {
    this.audio = audioSettings(said);
    const speaks = this.audio.output !== false;
    if (this.audio.input !== false) this.error.over("cannot_hear");
    this.layout.control.voice.setAttribute("aria-pressed", String(speaks));
    this.layout.control.voice.title = speaks ? "The agent speaks: click, and it only writes" : "The agent only writes: click, and it speaks";
    if (!speaks) this.silence(this.audioTurn);
    this.spoken.plays(speaks);
    this.layout.control.text.placeholder = this.audio.input === false ? "Type a message" : "Speak, or type a message";
    if (this.audio.input === false && (this.microphone.isOpen || this.microphone.opening)) this.microphone.close();
  }

  /** A player that was of no use may be now. @param {Message} message */
  usesAudio({ audio }) {
    this.useAudio(audio);
    this.startSound();
  }

  /** A view that does not play needs no player. */
  startSound() {
    if (!this.speaks) return;
    this.sound.start().then(() => this.error.over("audio_failed"), (failure) => this.report(failure));
  }

  /** Whether the agent is to be heard in this view. */
  get speaks() {
    return this.audio.output !== false && this.places.plays;
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
    this.sounding = null;
    if (played) {
      this.sound.reset(); // the rest sounds in the other view
      this.transcriptModel.words.elsewhere();
      this.startedTurn = this.audioTurn;
    } else {
      this.startSound();
    }
  }

  /** The rest of a turn comes that another view has begun. @param {Message} message */
  continued({ turn, played_ms }) {
    this.sound.continueAt(turn, played_ms);
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
    if (message.type === "turn") this.turned(message);
    else if (message.type === "state") this.stated(message);
    else if (message.type === "agent") this.swapped(message);
    else if (message.type === "error") this.failed(message);
    else if (message.type === "audio") this.usesAudio(message);
    else if (message.type === "redefined") this.redefined.show(message.names);
    else if (message.type === "turn_sound") this.replay.receive(message);
    else if (message.type === "examine") this.examined(message);
    else if (message.type === "place") this.placed(message);
    else if (message.type === "continue") this.continued(message);
    else if (message.type === "position" && !this.places.plays) this.sounding = message.sounding ? message.turn : null;
    this.error.answered(message);
    const finished = this.transcript.update(this.transcriptModel.entries, this.transcriptModel.apply(message), this.transcriptModel.facts);
    if (message.type === "words" || message.type === "position") this.spoken.wait();
    if (message.type === "heard") this.layout.live.textContent = this.transcriptModel.heardInWords(message.turn);
    for (const entry of finished) {
      const who = entry.role === "user" ? "You" : entry.author || entry.call;
      const said = entry.withheld ? `${entry.text} (${tagOf(entry)})`.trim() : entry.text;
      if (said) this.layout.live.textContent = who ? `${who}: ${said}` : said;
    }
    this.announceQuestion();
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
  turned({ turn, state }) {
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
  failed({ code, message, remedy, lasts }) {
    const failure = { code: String(code ?? "error"), message: String(message ?? ""), remedy: String(remedy ?? "") };
    this.error.show({ ...failure, lasts: lasts === true });
    if (this.agent.settle()) this.panel.draw();
    this.redefined.again();
  }

  /** @param {import("../link/wire.js").AudioFrame} frame */
  heard(frame) {
    this.framesReceived += 1;
    if (!this.speaks) return;
    this.audioTurn = Math.max(this.audioTurn, frame.turn);
    this.sound.play(frame);
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
    const { type: event, turn, played_ms, clock, estimated } = report;
    this.playback.push(report);
    if (this.playback.length > REPORTS_KEPT) this.playback.shift();
    this.connection.send({ type: "playback", event, turn, played_ms, clock, estimated, underruns: report.underruns - this.underrunsBefore });
    this.spoken.played(report);
    if (event === "started") this.replay.stop(); // the agent speaks
    this.startedTurn = Math.max(this.startedTurn, turn);
    if (event === "started" || event === "progress") this.sounding = turn;
    else if (turn === this.sounding) this.sounding = null;
    this.show();
  }

  // From the user

  /** The text in the box was changed. */
  written() {
    this.unsent.changed();
    this.error.over(TOO_LONG.code);
    this.show();
  }

  sendText() {
    const { text } = this.layout.control;
    const typed = text.value.trim();
    if (!typed) return;
    if (characters(typed) > MAX_TYPED) this.fail(TOO_LONG);
    else if (this.connection.say(typed)) text.value = "";
    else this.unsent.wait();
    this.transcript.toEnd();
    this.show();
  }

  /** @param {Message} message @returns {boolean} whether it went out */
  ask(message) {
    const sent = this.connection.send(message);
    if (!sent && this.connection.link !== "closed") this.fail(NOT_SENT); // else it says why already
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
      audible: this.speaks && this.sound.context?.state === "running",
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
    this.microphone.show(usable && state !== "connecting", whyNotHeard(state, this.connection.link));
    this.camera.show(usable && state !== "connecting");
    this.places.show(usable);
    this.away.show(this.microphone.isOpen);
    control.interrupt.disabled = !usable || !["thinking", "speaking", "writing"].includes(state);
    control.voice.disabled = !usable;
    control.text.disabled = state === "closed";
    this.panel.tools.disabled = control.text.disabled;
    control.send.disabled = control.text.disabled || !control.text.value.trim();
    this.unsent.show(this.connection.link);
    this.showTransport();
  }

  /** Which way is taken; the last one stays while it comes back. */
  showTransport() {
    const { transport, status } = this.layout.head;
    const { transport: name, roundTrip } = this.connection;
    if (!name) return;
    status.dataset.transport = name;
    if (transport.textContent !== name) transport.textContent = name;
    transport.title = transportTitle(this.wording.ways[name], roundTrip);
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
    this.spoken.close();
    this.replay.stop();
    this.microphone.off();
    this.one.close();
    this.away.close();
    this.camera.off();
    this.connection.close();
    return this.sound.close();
  }
}
