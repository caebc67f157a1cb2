/** What a page shows of a turn beside its words: its number, when it was, how long one waited for it. */
import { formatMs } from "./format.js";
import { element } from "./layout.js";

/**
 * @typedef {object} Facts
 * @property {number} turn
 * @property {number} time s since the Unix epoch
 * @property {string} latency the column of `turns_df` with the first latency; "" while there is none
 * @property {number | null} ms that latency
 * @property {boolean} sound whether there is any of it
 */

/** @param {import("../link/wire.js").Message} message @returns {Facts} */
export function factsOf({ turn, time, latency, ms, sound }) {
  return { turn: Number(turn), time: Number(time) || 0, latency: String(latency ?? ""), ms: typeof ms === "number" ? ms : null, sound: sound === true };
}

/** @param {number} time s since the Unix epoch */
function clockOf(time) {
  const date = new Date(time * 1000);
  const short = date.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" });
  return element("time", { datetime: date.toISOString(), title: `time: ${date.toLocaleString()}` }, short);
}

/** @param {Facts} facts */
function latencyOf({ latency, ms }) {
  return element("span", { class: "adk-nb-latency", "data-adk-nb": "latency", title: `${latency}: how long it took until the answer began` }, formatMs(ms ?? 0));
}

export class TurnLine {
  /** @param {number} turn @param {(turn: number) => void} play */
  constructor(turn, play) {
    this.turn = turn;
    this.play = element("button", { type: "button", class: "adk-nb-play", "data-adk-nb": "play" });
    this.play.addEventListener("click", () => play(turn));
    this.playing(false);
    this.node = element("div", { class: "adk-nb-turn-line", "data-adk-nb": "turn", "data-turn": String(turn) });
    this.number = element("span", { class: "adk-nb-number", title: `turn: live.turn(${turn})` }, `turn ${turn}`);
    this.drawn = "";
  }

  /** @param {Facts} facts */
  draw(facts) {
    const drawn = JSON.stringify(facts);
    if (drawn === this.drawn) return;
    this.drawn = drawn;
    const held = this.play === document.activeElement;
    const clock = facts.time ? [" ", clockOf(facts.time)] : [];
    const latency = facts.ms === null ? [] : [" ", latencyOf(facts)];
    this.node.replaceChildren(this.number, ...clock, ...latency, ...(facts.sound ? [" ", this.play] : []));
    if (held) this.play.focus({ preventScroll: true });
  }

  /** @param {boolean} on whether it is played now */
  playing(on) {
    this.play.textContent = on ? "■" : "▶";
    this.play.title = on ? "Stop" : `Play turn ${this.turn} as it was: live.audio(${this.turn}, "mix")`;
    this.play.setAttribute("aria-label", on ? `Stop turn ${this.turn}` : `Play turn ${this.turn}`);
  }
}

/** The lines of all turns: each stands before the first entry of its turn. */
export class TurnLines {
  /** @param {HTMLElement} box */
  constructor(box) {
    this.box = box;
    /** What a click on a turn's button does. @type {(turn: number) => void} */
    this.onplay = () => {};
    /** @type {Map<number, TurnLine>} */
    this.lines = new Map();
  }

  clear() {
    this.lines.clear();
  }

  /**
   * @param {Map<number, Facts>} facts
   * @param {(turn: number) => Element | undefined} first the first entry's node of a turn
   */
  draw(facts, first) {
    for (const [turn, line] of this.lines) if (!facts.has(turn) || !first(turn)) this.remove(turn, line);
    for (const known of facts.values()) this.drawOne(known, first(known.turn));
  }

  /** @param {Facts} facts @param {Element | undefined} first */
  drawOne(facts, first) {
    if (!first) return;
    const line = this.lines.get(facts.turn) ?? new TurnLine(facts.turn, (turn) => this.onplay(turn));
    this.lines.set(facts.turn, line);
    line.draw(facts);
    if (first.previousSibling !== line.node) first.before(line.node);
  }

  /** @param {number | null} turn which is played now */
  playing(turn) {
    for (const line of this.lines.values()) line.playing(line.turn === turn);
  }

  /** @param {number} turn @param {TurnLine} line */
  remove(turn, line) {
    line.node.remove();
    this.lines.delete(turn);
  }
}
