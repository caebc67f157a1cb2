/** What was said, as entries of a transcript, and the state that a status line shows. No DOM here. */

/**
 * @typedef {"connecting" | "ready" | "listening" | "thinking" | "speaking" | "reconnecting" | "closed"} State
 *
 * @typedef {object} Entry
 * @property {string} key
 * @property {"user" | "agent" | "tool"} role
 * @property {number} turn
 * @property {string} author the agent's name; "" for the user and for tools
 * @property {string} text
 * @property {boolean} final
 * @property {boolean} interrupted
 * @property {string} call a tool's name and arguments
 * @property {"running" | "returned" | "failed" | ""} outcome a tool's
 * @property {number | null} ms how long a tool took
 */

const MAX_ENTRIES = 500;
const MAX_TEXT = 20_000;

/**
 * @param {unknown} value
 * @param {number} [indent]
 * @returns {string}
 */
export function show(value, indent) {
  if (typeof value === "string") return value;
  let text;
  try {
    text = JSON.stringify(value, null, indent);
  } catch {
    text = undefined;
  }
  return text ?? String(value);
}

/** @param {unknown} name @param {unknown} args */
export function formatCall(name, args) {
  const given = args && typeof args === "object" ? Object.entries(args) : [];
  return `${name}(${given.map(([key, value]) => `${key}=${JSON.stringify(value)}`).join(", ")})`;
}

/** ADK wraps what a plain function returns in {"result": …}: show what the function said. @param {unknown} result */
export function unwrap(result) {
  if (!result || typeof result !== "object" || Array.isArray(result)) return result;
  const keys = Object.keys(result);
  return keys.length === 1 && keys[0] === "result" ? /** @type {any} */ (result).result : result;
}

/** @param {number} ms */
export function formatMs(ms) {
  return ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`;
}

/** @param {string} text */
function bounded(text) {
  return text.length > MAX_TEXT ? `${text.slice(0, MAX_TEXT)} … (${text.length} characters)` : text;
}

export class Conversation {
  /** @param {number} [limit] */
  constructor(limit = MAX_ENTRIES) {
    this.limit = limit;
    /** @type {Entry[]} oldest first */
    this.entries = [];
    /** @type {Set<number>} */
    this.interrupted = new Set();
  }

  /** Forgets the entries, not which turns were interrupted: a history does not say. */
  clear() {
    this.entries = [];
  }

  /**
   * @param {import("./wire.js").Message} message
   * @returns {Entry[]} what changed or is new
   */
  apply(message) {
    if (message.type === "transcript") return this.transcript(message);
    if (message.type === "tool_call") return this.called(message);
    if (message.type === "tool_result") return this.returned(message);
    if (message.type === "turn") return this.turned(message);
    return [];
  }

  /** @param {import("./wire.js").Message} message */
  transcript({ turn, role, author, text, final, interrupted }) {
    const name = role === "agent" ? String(author ?? "") : "";
    const entry = this.entry(`${turn}/${role}/${name}`, role === "agent" ? "agent" : "user", Number(turn) || 0);
    entry.author = name;
    entry.text = bounded(String(text ?? ""));
    entry.final = Boolean(final);
    if (interrupted) this.interrupted.add(entry.turn);
    entry.interrupted = entry.role === "agent" && this.interrupted.has(entry.turn);
    return [entry];
  }

  /** @param {import("./wire.js").Message} message */
  called({ turn, id, name, args }) {
    const entry = this.entry(`tool/${id ?? `${turn}/${name}`}`, "tool", Number(turn) || 0);
    entry.call = bounded(formatCall(name, args));
    entry.outcome ||= "running";
    return [entry];
  }

  /** @param {import("./wire.js").Message} message */
  returned({ turn, id, name, result, error, ms }) {
    const entry = this.entry(`tool/${id ?? `${turn}/${name}`}`, "tool", Number(turn) || 0);
    entry.call ||= formatCall(name, null);
    const failed = error !== undefined && error !== null;
    entry.outcome = failed ? "failed" : "returned";
    entry.text = bounded(show(failed ? error : unwrap(result), 1));
    entry.ms = typeof ms === "number" ? ms : null;
    entry.final = true;
    return [entry];
  }

  /** @param {import("./wire.js").Message} message */
  turned({ turn, state }) {
    if (state !== "complete" && state !== "interrupted") return [];
    if (state === "interrupted") this.interrupted.add(turn);
    /** @type {Entry[]} */
    const changed = [];
    for (const entry of this.entries) {
      if (entry.turn !== turn || entry.role === "tool") continue;
      const cut = entry.role === "agent" && state === "interrupted";
      if (entry.final && !cut) continue;
      entry.final = true;
      entry.interrupted ||= cut;
      changed.push(entry);
    }
    return changed;
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
      key, role, turn, author: "", text: "", final: false, interrupted: false, call: "", outcome: "", ms: null,
    };
    const after = entries.findLastIndex((entry) => entry.turn < turn || (entry.turn === turn && (role !== "user" || entry.role === "user")));
    entries.splice(after + 1, 0, made);
    if (entries.length > this.limit) entries.splice(0, entries.length - this.limit);
    return made;
  }
}

/**
 * What the status line says. The kernel decides, except that an agent speaks while it sounds.
 *
 * @param {object} now
 * @param {import("./connection.js").Link} now.link
 * @param {string} now.kernel its last `state`
 * @param {boolean} now.sounding whether the player is playing a turn
 * @param {boolean} now.pending whether it has audio that it has not begun to play
 * @param {boolean} now.audible whether the player can play at all
 * @param {boolean} now.fresh whether the microphone was just opened, and nothing has come of it yet
 * @returns {State}
 */
export function effectiveState({ link, kernel, sounding, pending, audible, fresh }) {
  if (link !== "open") return link;
  if (kernel === "connecting" || kernel === "closed" || kernel === "reconnecting") return kernel;
  if (sounding) return "speaking";
  if (kernel === "speaking") return audible ? "thinking" : "speaking";
  if (kernel === "thinking" || kernel === "listening") return kernel;
  if (pending && audible) return "thinking";
  return fresh ? "listening" : "ready";
}

/** A level from 0 to 1 for a meter, from -60 dB to full scale. @param {number} rms */
export function meterLevel(rms) {
  return rms > 0 ? Math.max(0, Math.min(1, 1 + Math.log10(rms) / 3)) : 0;
}
