/** The agent's voice in this view: its button, what is played of it, which turn sounds, and what the bridge is told. */

/**
 * @typedef {import("../link/wire.js").Message} Message
 * @typedef {import("../sound/audio.js").PlaybackReport} PlaybackReport
 *
 * @typedef {object} AgentVoiceOptions
 * @property {import("./layout.js").Layout} layout
 * @property {import("../link/connection.js").Connection} connection
 * @property {import("../sound/audio.js").Sound} sound
 * @property {(message: Message) => boolean} ask whether it went out
 * @property {() => boolean} here whether this view is the one that plays
 * @property {(failure: import("../link/wire.js").Failure) => void} report
 * @property {(...causes: string[]) => void} recovered what failed so works again
 * @property {AbortSignal} signal
 */

const REPORTS_KEPT = 200;

export class AgentVoice {
  /** @param {AgentVoiceOptions} options */
  constructor({ layout, connection, sound, ask, here, report, recovered, signal }) {
    this.button = layout.control.voice;
    this.connection = connection;
    this.sound = sound;
    this.here = here;
    this.report = report;
    this.recovered = recovered;
    this.on = true; // or it only writes
    /** @type {number | null} the turn that is heard now, in whatever view */
    this.sounding = null;
    this.newestTurn = -1; // of which sound has come
    this.startedTurn = -1; // the newest that has begun to sound, or was cut off before
    this.framesReceived = 0;
    /** @type {PlaybackReport[]} the latest, the oldest first */
    this.reports = [];
    this.underrunsBefore = 0;
    this.button.addEventListener("click", () => ask({ type: "voice", on: !this.on }), { signal });
  }

  /** @param {boolean} on whether the agent speaks, or only writes */
  use(on) {
    this.on = on;
    this.button.setAttribute("aria-pressed", String(on));
    this.button.title = on ? "The agent speaks: click, and it only writes" : "The agent only writes: click, and it speaks";
    if (!on) this.silence();
  }

  /** Whether the agent is to be heard in this view. */
  get speaks() {
    return this.on && this.here();
  }

  /** A view that does not play needs no player. */
  start() {
    if (!this.speaks) return;
    this.sound.start().then(() => this.recovered("audio_failed"), (failure) => this.report(failure));
  }

  /** @param {boolean} usable whether it can be switched now */
  show(usable) {
    this.button.disabled = !usable;
  }

  /** Whether sound has come that does not sound yet. */
  get pending() {
    return this.newestTurn > this.startedTurn;
  }

  /** @param {import("../link/wire.js").AudioFrame} frame */
  heard(frame) {
    this.framesReceived += 1;
    if (!this.speaks) return;
    this.newestTurn = Math.max(this.newestTurn, frame.turn);
    this.sound.play(frame);
  }

  /** What the player did. @param {PlaybackReport} report */
  played(report) {
    const { type: event, turn, played_ms, clock, estimated } = report;
    this.reports.push(report);
    if (this.reports.length > REPORTS_KEPT) this.reports.shift();
    this.connection.send({ type: "playback", event, turn, played_ms, clock, estimated, underruns: report.underruns - this.underrunsBefore });
    this.startedTurn = Math.max(this.startedTurn, turn);
    if (event === "started" || event === "progress") this.sounding = turn;
    else if (turn === this.sounding) this.sounding = null;
  }

  /** @param {Message} message */
  turned({ turn, state }) {
    if (state === "complete") this.sound.end(turn);
    else if (state === "resumed") this.sound.resumeTurn(turn);
    else if (state !== "started") this.silence(turn);
  }

  /** @param {number} [turn] to be cut off */
  silence(turn = this.newestTurn) {
    this.sound.flush(turn);
    this.startedTurn = Math.max(this.startedTurn, turn);
  }

  /** Turns are counted from the first: nothing of the last ones sounds, and one of a number that was cut off may come. */
  begin() {
    this.sound.reset();
    this.sounding = null;
    this.newestTurn = this.startedTurn = -1;
  }

  /** A bridge that greets goes on, if it has not begun to count the turns anew. @param {number} turn its newest */
  goOn(turn) {
    if (turn < this.newestTurn) this.begin();
  }

  /** To a connection the player's underruns count from its beginning. */
  connected() {
    this.underrunsBefore = this.reports.at(-1)?.underruns ?? 0;
  }

  /** The rest sounds in another view. */
  leave() {
    this.sound.reset();
    this.startedTurn = this.newestTurn;
    this.sounding = null;
  }

  /** What sounded in another view sounds in this one from now on. */
  take() {
    this.sounding = null;
    this.start();
  }

  /** Where in a turn another view is. @param {Message} message */
  elsewhere({ turn, sounding }) {
    this.sounding = sounding ? turn : null;
  }

  /** The rest of a turn comes that another view has begun. @param {Message} message */
  continued({ turn, played_ms }) {
    this.sound.continueAt(turn, played_ms);
  }
}
