/** Which words of the answers have sounded. The kernel says when each sounds, the player how far it is. No DOM here. */

/**
 * @typedef {import("../link/wire.js").Message} Message
 * @typedef {[number, number]} Part from one place in a text to another
 *
 * @typedef {object} Answer what is known of a turn's
 * @property {Map<number, {ends: number[], ms: number[]}>} pieces where words end, and when each has sounded
 * @property {number} played ms, when it was last told
 * @property {number} at when that was, on the page's clock; NaN where it does not go on
 * @property {boolean} own whether this page's player tells
 * @property {boolean} over whether it is known what was heard
 * @property {Map<number, Part[]>} unheard by piece
 */

const TURNS_KEPT = 16;
const REPORT_MS = 400; // no player is silent for longer while it plays

/** @param {unknown} list @returns {number[]} */
const numbers = (list) => (Array.isArray(list) ? list.filter((one) => typeof one === "number") : []);

export class HeardWords {
  constructor() {
    /** @type {Map<number, Answer>} */
    this.turns = new Map();
    /** Whether anything sounds in this page; where nothing does, the words are there to be read. */
    this.plays = true;
  }

  /** @param {number} turn @returns {Answer} */
  of(turn) {
    let known = this.turns.get(turn);
    if (!known) {
      known = { pieces: new Map(), played: 0, at: NaN, own: false, over: false, unheard: new Map() };
      this.turns.set(turn, known);
      const [oldest] = this.turns.keys();
      if (this.turns.size > TURNS_KEPT) this.turns.delete(oldest);
    }
    return known;
  }

  /** When words sound; it replaces what is known after `start`. @param {Message} message */
  timed({ turn, piece, start, ends, ms }) {
    const { pieces } = this.of(Number(turn));
    const before = pieces.get(Number(piece)) ?? { ends: [], ms: [] };
    const after = before.ends.findIndex((end) => end > Number(start));
    const kept = after < 0 ? before.ends.length : after;
    pieces.set(Number(piece), { ends: [...before.ends.slice(0, kept), ...numbers(ends)], ms: [...before.ms.slice(0, kept), ...numbers(ms)] });
  }

  /** What this page's player did. @param {{type: string, turn: number, played_ms: number, clock: number}} report */
  played({ type, turn, played_ms, clock }) {
    const answer = this.of(turn);
    answer.own = true;
    this.moved(answer, played_ms, type === "started" || type === "progress" ? clock : NaN);
    if (type === "drained") answer.played = Math.max(played_ms, this.end(answer)); // all that came has sounded
  }

  /** What another page's player did. @param {Message} message @param {number} now */
  told({ turn, played_ms, sounding }, now) {
    const answer = this.of(Number(turn));
    if (!answer.own) this.moved(answer, Number(played_ms) || 0, sounding ? now : NaN);
  }

  /** Another page plays from now on, and tells. */
  elsewhere() {
    for (const answer of this.turns.values()) answer.own = false;
  }

  /** @param {Answer} answer @param {number} played @param {number} at */
  moved(answer, played, at) {
    answer.played = played;
    answer.at = at;
  }

  /** What was heard of an answer that was cut off. @param {Message} message */
  heard({ turn, unheard }) {
    const answer = this.of(Number(turn));
    answer.over = true;
    answer.unheard = new Map();
    for (const [piece, start, end] of (Array.isArray(unheard) ? unheard : []).map(numbers)) {
      answer.unheard.set(piece, [...(answer.unheard.get(piece) ?? []), [start, end]]);
    }
  }

  /** It is answered all the same: what comes now is beyond what was timed. @param {number} turn */
  resumed(turn) {
    this.of(turn).over = true;
  }

  /** How much of a turn has sounded, in ms. @param {Answer} answer @param {number} now */
  position({ played, at }, now) {
    return Number.isNaN(at) ? played : Math.max(0, played + Math.min(REPORT_MS, now - at));
  }

  /** When the last word that is known of an answer has sounded. @param {Answer} answer */
  end({ pieces }) {
    return Math.max(0, ...[...pieces.values()].map(({ ms }) => ms.at(-1) ?? 0));
  }

  /**
   * From where on the words of a piece are still to come.
   *
   * @param {number} turn
   * @param {number} piece
   * @param {number} now
   * @returns {number | null} null where none are, or nobody knows
   */
  coming(turn, piece, now) {
    const answer = this.turns.get(turn);
    const words = answer?.pieces.get(piece);
    if (!answer || !words || answer.over || !this.plays) return null;
    const position = this.position(answer, now);
    if (position >= this.end(answer)) return null;
    const next = words.ms.findIndex((ms) => ms > position);
    if (next < 0) return null;
    return next ? words.ends[next - 1] : 0;
  }

  /** What of a piece was never heard. @param {number} turn @param {number} piece @returns {Part[]} */
  unheard(turn, piece) {
    return this.turns.get(turn)?.unheard.get(piece) ?? [];
  }

  /** How long until the next word sounds, in ms; Infinity where nothing does. @param {number} now */
  next(now) {
    let least = Infinity;
    for (const answer of this.turns.values()) {
      if (Number.isNaN(answer.at) || answer.over) continue;
      const position = this.position(answer, now);
      for (const { ms } of answer.pieces.values()) {
        const due = ms.find((one) => one > position) ?? Infinity;
        // Beyond that the clock alone never comes: the next report tells.
        if (due <= answer.played + REPORT_MS) least = Math.min(least, due - position);
      }
    }
    return least;
  }
}

/**
 * A text in parts: what has sounded or is to be read, what is to come, and what was never heard.
 *
 * @param {string} text
 * @param {number | null} coming from where on it is to come
 * @param {Part[]} unheard
 * @returns {{text: string, kind: "" | "coming" | "unheard"}[]}
 */
export function parts(text, coming, unheard) {
  /** @type {{text: string, kind: "" | "coming" | "unheard"}[]} */
  const found = [];
  /** @param {number} start @param {number} end @param {"" | "coming" | "unheard"} kind */
  const add = (start, end, kind) => {
    const part = text.slice(start, end);
    // A blank at the start of a part is none of the words.
    const words = kind && part.trimStart();
    if (kind && words !== part) found.push({ text: part.slice(0, part.length - String(words).length), kind: "" });
    if (kind ? words : part) found.push({ text: kind ? String(words) : part, kind });
  };
  let at = 0;
  for (const [start, end] of unheard) {
    add(at, Math.max(at, start), "");
    add(Math.max(at, start), end, "unheard");
    at = Math.max(at, end);
  }
  const until = coming === null || unheard.length ? text.length : Math.max(at, coming);
  add(at, until, "");
  add(until, text.length, "coming");
  return found;
}

/** @param {unknown} heard @param {unknown} whole ms */
export function heardOf(heard, whole) {
  if (typeof heard !== "number" || typeof whole !== "number" || !whole) return "";
  // Of a short one tenths of a second would hide the difference.
  if (whole < 1000) return `heard ${Math.round(heard)} of ${Math.round(whole)} ms`;
  return `heard ${(heard / 1000).toFixed(1)} of ${(whole / 1000).toFixed(1)} s`;
}
