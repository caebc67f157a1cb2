/** What was said, as the entries of a transcript. No DOM here. */
import { characters, formatCall, show, unwrap } from "./format.js";
import { heardOf, HeardWords } from "./heard-words.js";
import { sourceList, webAddress } from "./sources.js";
import { factsOf } from "./turn-line.js";

/**
 * @typedef {object} Entry
 * @property {string} key
 * @property {"user" | "agent" | "tool" | "note"} role
 * @property {number} turn
 * @property {string} author the agent's name; "" for the user and for tools
 * @property {string} text
 * @property {boolean} final
 * @property {boolean} interrupted
 * @property {boolean} withheld whether these are a guard's words, in the place of the agent's
 * @property {string} call a tool's name and arguments
 * @property {"running" | "asking" | "returned" | "failed" | ""} outcome a tool's
 * @property {number | null} ms how long a tool took
 * @property {string} name a tool's
 * @property {string} output what a tool printed
 * @property {number} cut how many characters more it printed
 * @property {string[]} images what a tool displayed, as data: URLs
 * @property {number} imagesCut how many more it displayed
 * @property {Question | null} question that waits for an answer
 * @property {"approved" | "rejected" | ""} answer
 * @property {number | null} waitedMs for the answer
 * @property {string} kind a note's
 * @property {Source[]} sources what of the web an agent's answer rests on
 * @property {Rest | null} rest what of a tool's result is not here yet
 * @property {number} piece its number in its turn
 * @property {number | null} coming from where on its words are still to sound; null where none are
 * @property {boolean} timed whether it is known when its words sound
 * @property {[number, number][]} unheard what of it was never heard
 * @property {string} heard how much of the turn was heard, in words
 * @property {string} html a written answer with its Markdown rendered; "" where it is plain
 *
 * @typedef {{id: unknown, offset: number, length: number}} Rest how many characters of how many are here
 * @typedef {import("./sources.js").Source} Source
 * @typedef {{id: unknown, call: string, hint: string, signIn: string | null}} Question `call` is whole: nobody should
 *   approve what was cut; `signIn` is where to sign in, "" where a key is wanted, null if neither is
 */

const MAX_ENTRIES = 500;
const MAX_TEXT = 20_000;
const MAX_IMAGES = 8;
const IMAGE = /^data:image\/(?:png|jpeg|gif|webp);base64,/;

/** @param {string} text */
function bounded(text) {
  return text.length > MAX_TEXT ? `${text.slice(0, MAX_TEXT)} … (${text.length} characters)` : text;
}

/** Some models give the calls of every turn the same ids. @param {unknown} turn @param {unknown} id @param {unknown} [name] */
function toolKey(turn, id, name) {
  return `tool/${turn}/${id ?? name}`;
}

/** What a question is announced as. @param {Question} question */
export function formatQuestion({ call, hint, signIn }) {
  if (signIn !== null) return `${bounded(call)} needs a sign-in. ${hint}`.trim();
  return `${bounded(call)} needs your approval. ${hint}`.trim();
}

export class TranscriptModel {
  /** @param {number} [limit] */
  constructor(limit = MAX_ENTRIES) {
    this.limit = limit;
    /** @type {Entry[]} oldest first */
    this.entries = [];
    /** @type {Map<number, Entry | null>} turns, and what bears the mark; null if it is the last that an agent said */
    this.interrupted = new Map();
    /** @type {Map<string, string>} what was said, by the entry's key: the entry shows no more than its bound of it */
    this.whole = new Map();
    /** @type {{turn: number, sources: Source[]} | null} that came before the agent's text */
    this.early = null;
    this.words = new HeardWords();
    /** @type {Map<number, string>} how much of a turn was heard, in words */
    this.heardOf = new Map();
    /** @type {Map<number, import("./turn-line.js").Facts>} what is known of turns beside their words */
    this.facts = new Map();
  }

  /** Forgets the entries, not which turns were interrupted: a history does not say. */
  clear() {
    this.entries = [];
    this.whole.clear();
    this.facts.clear();
    this.early = null;
  }

  /**
   * @param {import("../link/wire.js").Message} message
   * @returns {Entry[]} what changed or is new
   */
  apply(message) {
    switch (message.type) {
      case "words": this.words.timed(message); return this.sounded(message.turn);
      case "position": this.words.told(message, performance.now()); return this.sounded(message.turn);
      case "heard": return this.heard(message);
      case "turn_facts": return this.told(message);
      case "transcript": return this.transcript(message);
      case "rendered": return this.rendered(message);
      case "tool_call": return this.called(message);
      case "tool_output": return this.printed(message);
      case "question": return this.asked(message);
      case "answer": return this.answered(message);
      case "tool_result": return this.returned(message);
      case "tool_more": return this.continued(message);
      case "sources": return this.sourced(message);
      case "note": return this.noted(message);
      case "turn": return this.turned(message);
      default: return [];
    }
  }

  /** What the player of this page did. @param {import("../sound/audio.js").PlaybackReport} report @returns {Entry[]} what changed */
  played(report) {
    this.words.played(report);
    return this.sounded(report.turn);
  }

  /** Words sound, of one turn or of any. @param {number} [turn] @param {number} [now] @returns {Entry[]} what changed */
  sounded(turn, now = performance.now()) {
    return this.entries.filter((entry) => entry.role === "agent" && (turn === undefined || entry.turn === turn) && this.sound(entry, now));
  }

  /** @param {Entry} entry an agent's @param {number} now @returns {boolean} whether that changed it */
  sound(entry, now) {
    const { words } = this;
    const { turn, piece } = entry;
    const before = JSON.stringify([entry.coming, entry.timed, entry.unheard, entry.heard]);
    entry.coming = words.coming(turn, piece, now);
    entry.timed = words.turns.get(turn)?.pieces.has(piece) ?? false;
    entry.unheard = entry.withheld ? [] : words.unheard(turn, piece);
    entry.heard = this.lastSaid(turn) === entry ? this.heardOf.get(turn) ?? "" : "";
    return JSON.stringify([entry.coming, entry.timed, entry.unheard, entry.heard]) !== before;
  }

  /** @param {number} turn */
  lastSaid(turn) {
    return this.entries.findLast((entry) => entry.turn === turn && entry.role === "agent");
  }

  /** What was heard of an answer that was cut off. @param {import("../link/wire.js").Message} message */
  heard(message) {
    this.words.heard(message);
    this.heardOf.set(Number(message.turn), heardOf(message.heard_ms, message.audio_ms));
    return this.sounded(message.turn);
  }

  /** What a screen reader says of an answer that was cut off. @param {number} turn */
  heardInWords(turn) {
    const said = this.entries.filter((entry) => entry.turn === turn && entry.role === "agent");
    const unheard = said.flatMap(({ text, unheard: gone }) => gone.map(([start, end]) => text.slice(start, end).trim())).join(" ");
    const heard = this.heardOf.get(turn) ?? "";
    return [heard && `The answer was cut off: ${heard}.`, unheard && `Not heard: ${unheard}`].filter(Boolean).join(" ");
  }

  /** The question that was asked last of those that wait. @returns {Question | null} */
  get question() {
    return this.entries.findLast((entry) => entry.question)?.question ?? null;
  }

  /** What is new of a piece: it replaces what is known of it from `start` on. @param {import("../link/wire.js").Message} message */
  transcript({ turn, role, author, text, final, interrupted, withheld, piece, start }) {
    const name = role === "agent" ? String(author ?? "") : "";
    const entry = this.entry(`${turn}/${role}/${name}${piece ? `/${piece}` : ""}`, role === "agent" ? "agent" : "user", Number(turn) || 0);
    const whole = (this.whole.get(entry.key) ?? "").slice(0, Number(start) || 0) + String(text ?? "");
    this.whole.set(entry.key, whole);
    entry.author = name;
    entry.text = bounded(whole);
    entry.html = "";
    entry.final = Boolean(final);
    entry.withheld = entry.role === "agent" && withheld === true;
    entry.piece = Number(piece) || 0;
    if (interrupted) this.interrupted.set(entry.turn, null);
    const sounded = entry.role === "agent" ? this.sounded(entry.turn).filter((one) => one !== entry) : [];
    return [...new Set([...this.markInterrupted(entry.turn), ...sounded, ...this.moveSources(entry), entry])];
  }

  /** The Markdown of a written answer is rendered. @param {import("../link/wire.js").Message} message */
  rendered({ turn, piece, html }) {
    const entry = this.entries.findLast((known) => known.turn === turn && known.role === "agent" && known.piece === piece);
    if (!entry) return [];
    entry.html = String(html ?? "");
    return [entry];
  }

  /** The last that an agent said in a turn bears the mark. @param {number} turn @returns {Entry[]} what changed */
  markInterrupted(turn) {
    const said = this.entries.filter((entry) => entry.turn === turn && entry.role === "agent");
    /** @type {Entry[]} */
    const changed = [];
    const last = this.interrupted.get(turn) ?? said.at(-1);
    for (const entry of said) {
      const marked = this.interrupted.has(turn) && entry === last;
      if (entry.interrupted !== marked) changed.push(entry);
      entry.interrupted = marked;
    }
    return changed;
  }

  /** The newest list counts; it is shown with the last that an agent says in the turn. @param {import("../link/wire.js").Message} message */
  sourced({ turn, sources }) {
    const index = Number(turn) || 0;
    const list = sourceList(sources);
    const entry = this.entries.findLast((known) => known.turn === index && known.role === "agent");
    if (!entry) {
      this.early = { turn: index, sources: list };
      return [];
    }
    entry.sources = list;
    return [entry];
  }

  /** @param {Entry} entry what was said just now @returns {Entry[]} what lost its sources to it */
  moveSources(entry) {
    const { turn, role } = entry;
    if (role !== "agent") return [];
    if (this.early?.turn === turn) {
      entry.sources = this.early.sources;
      this.early = null;
    }
    const said = this.entries.filter((known) => known.turn === turn && known.role === "agent");
    const holder = said.find(({ sources }) => sources.length > 0);
    const last = said.at(-1);
    if (!holder || !last || holder === last) return [];
    last.sources = holder.sources;
    holder.sources = [];
    return [holder];
  }

  /** @param {import("../link/wire.js").Message} message */
  called({ turn, id, name, args }) {
    const entry = this.tool(turn, id, name);
    entry.call = bounded(formatCall(name, args));
    entry.outcome ||= "running";
    return [entry];
  }

  /** @param {import("../link/wire.js").Message} message */
  printed({ turn, id, text, image }) {
    const entry = this.tool(turn, id);
    entry.outcome ||= "running";
    const printed = typeof text === "string" ? text : "";
    const kept = printed.slice(0, MAX_TEXT - entry.output.length);
    entry.output += kept;
    entry.cut += printed.length - kept.length;
    if (typeof image === "string" && IMAGE.test(image)) {
      if (entry.images.length < MAX_IMAGES) entry.images.push(image);
      else entry.imagesCut += 1;
    }
    return [entry];
  }

  /** @param {import("../link/wire.js").Message} message */
  asked({ turn, id, name, args, hint, sign_in }) {
    const entry = this.tool(turn, id, name);
    const call = formatCall(name, args);
    entry.call = bounded(call);
    const signIn = typeof sign_in === "string" ? webAddress(sign_in)?.href ?? "" : null;
    entry.question = { id, call, hint: typeof hint === "string" ? bounded(hint) : "", signIn };
    entry.answer = "";
    entry.outcome = "asking";
    entry.final = false;
    return [entry];
  }

  /** @param {import("../link/wire.js").Message} message */
  answered({ turn, id, approved, ms }) {
    const key = toolKey(turn, id);
    const entry = this.entries.findLast((known) => known.key === key);
    if (!entry) return [];
    entry.question = null;
    entry.answer = typeof approved === "boolean" ? (approved ? "approved" : "rejected") : "";
    entry.waitedMs = typeof ms === "number" ? ms : null;
    if (entry.outcome === "asking") entry.outcome = "running";
    return [entry];
  }

  /** A result, and not always the last: some tools go on. @param {import("../link/wire.js").Message} message */
  returned({ turn, id, name, result, error, ms, length }) {
    const entry = this.tool(turn, id, name);
    entry.call ||= formatCall(name, null);
    const failed = error !== undefined && error !== null;
    entry.outcome = failed ? "failed" : "returned";
    const shortened = !failed && typeof length === "number" && length > 0;
    const text = show(failed ? error : unwrap(result), 1);
    entry.text = shortened ? text : bounded(text);
    entry.rest = shortened ? { id, offset: characters(text), length } : null;
    entry.ms = typeof ms === "number" ? ms : null;
    entry.question = null;
    entry.final = true;
    return [entry];
  }

  /** More of a result that was asked for. @param {import("../link/wire.js").Message} message */
  continued({ turn, id, offset, text }) {
    const key = toolKey(turn, id);
    const entry = this.entries.findLast((known) => known.key === key);
    if (!entry?.rest || offset !== entry.rest.offset || typeof text !== "string") return [];
    const { length } = entry.rest;
    const here = text ? entry.rest.offset + characters(text) : length;
    entry.text += text;
    entry.rest = here < length ? { id, offset: here, length } : null;
    return [entry];
  }

  /** @param {import("../link/wire.js").Message} message */
  noted({ id, turn, kind, text }) {
    const entry = this.entry(`note/${id}`, "note", Number(turn) || 0);
    entry.kind = String(kind ?? "");
    entry.text = bounded(String(text ?? ""));
    entry.final = true;
    return [entry];
  }

  /** What is known of a turn, and what became of it where it was not simply answered. @param {import("../link/wire.js").Message} message */
  told(message) {
    const facts = factsOf(message);
    this.facts.set(facts.turn, facts);
    const first = this.entries.find(({ turn }) => turn === facts.turn);
    const key = `outcome/${facts.turn}`;
    const text = typeof message.outcome === "string" ? message.outcome : "";
    const known = this.entries.findIndex((entry) => entry.key === key);
    if (!text) {
      if (known >= 0) this.entries.splice(known, 1); // it was answered after all
      return first ? [first] : [];
    }
    const entry = this.entry(key, "note", facts.turn);
    entry.kind = message.failed === true ? "failed" : "unanswered";
    entry.text = bounded(text);
    entry.final = true;
    return [entry];
  }

  /** @param {import("../link/wire.js").Message} message */
  turned({ turn, state }) {
    if (state === "started") return [];
    if (state === "resumed") {
      this.words.resumed(turn);
      const cut = this.entries.findLast((entry) => entry.turn === turn && entry.role === "agent");
      if (this.interrupted.has(turn) && cut) this.interrupted.set(turn, cut); // what comes now is not cut off
      return [];
    }
    if (state === "withheld") {
      this.withhold(turn);
      return [];
    }
    if (state === "interrupted") this.interrupted.set(turn, null);
    const changed = new Set(this.markInterrupted(turn));
    for (const entry of this.entries) {
      if (entry.turn !== turn || entry.role === "tool" || entry.final) continue;
      entry.final = true;
      changed.add(entry);
    }
    return this.entries.filter((entry) => changed.has(entry));
  }

  /** Forgets what the agents said in a turn: a guard's words come in its place. @param {unknown} turn */
  withhold(turn) {
    const kept = this.entries.filter((entry) => entry.turn !== turn || entry.role !== "agent");
    for (const entry of this.entries) if (entry.turn === turn && entry.role === "agent") this.whole.delete(entry.key);
    this.entries.splice(0, this.entries.length, ...kept); // the view holds on to the list
    if (this.early?.turn === turn) this.early = null;
  }

  /**
   * @param {unknown} turn
   * @param {unknown} id the call's
   * @param {unknown} [name] the tool's, where the message says it
   */
  tool(turn, id, name) {
    const entry = this.entry(toolKey(turn, id, name), "tool", Number(turn) || 0);
    if (name) entry.name = String(name);
    return entry;
  }

  /**
   * The entry of that key, made in its place if it is new: turns in order, the user first within one.
   *
   * @param {string} key
   * @param {Entry["role"]} role
   * @param {number} turn
   * @returns {Entry}
   */
  entry(key, role, turn) {
    const { entries } = this;
    const known = entries.findLast((entry) => entry.key === key);
    if (known) return known;
    /** @type {Entry} */
    const made = {
      key, role, turn, author: "", text: "", final: false, interrupted: false, withheld: false, call: "", outcome: "", ms: null,
      name: "", output: "", cut: 0, images: [], imagesCut: 0, question: null, answer: "", waitedMs: null, kind: "", sources: [],
      rest: null, piece: 0, coming: null, timed: false, unheard: [], heard: "", html: "",
    };
    // What became of a turn stands after all that was said in it.
    const comes = (/** @type {Entry} */ entry) => (role !== "user" || entry.role === "user") && !entry.key.startsWith("outcome/");
    const after = entries.findLastIndex((entry) => entry.turn < turn || (entry.turn === turn && comes(entry)));
    entries.splice(after + 1, 0, made);
    if (entries.length > this.limit) {
      for (const { key: gone } of entries.splice(0, entries.length - this.limit)) this.whole.delete(gone);
      for (const known of this.facts.keys()) if (known < entries[0].turn) this.facts.delete(known);
    }
    return made;
  }
}
