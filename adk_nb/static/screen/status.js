/** What the status line says. No DOM here. */

/** @typedef {"connecting" | "ready" | "listening" | "thinking" | "speaking" | "writing" | "reconnecting" | "closed"} State */

/**
 * The state to show. The kernel decides, except that an agent speaks while it sounds.
 *
 * @param {object} now
 * @param {import("../link/connection.js").Link} now.link
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
  if (kernel === "thinking" || kernel === "listening" || kernel === "writing") return kernel;
  if (pending && audible) return "thinking";
  return fresh ? "listening" : "ready";
}

const LABELS = {
  connecting: "Connecting…",
  ready: "Ready",
  listening: "Listening",
  thinking: "Thinking…",
  speaking: "Speaking",
  writing: "Writing",
  reconnecting: "Reconnecting…",
  closed: "Closed",
};

/**
 * @param {State} state
 * @param {import("../link/connection.js").Link} link
 * @param {string} detail the kernel's, or ""
 * @param {boolean} microphone whether it is open
 */
export function stateLabel(state, link, detail, microphone) {
  if (link === "open" && detail && state !== "closed") return detail;
  if (state === "ready" && microphone) return "Ready, microphone on";
  return state === "connecting" && link === "open" ? "Loading the model…" : LABELS[state];
}

/**
 * Why nothing can be said into the microphone now; empty where it can.
 *
 * @param {State} state
 * @param {import("../link/connection.js").Link} link
 */
export function whyNotHeard(state, link) {
  if (state === "closed" || link === "closed") return "this conversation has ended";
  if (link !== "open") return "there is no connection just now";
  return state === "connecting" ? "the model is still loading" : "";
}

/**
 * @param {string} way how the page is connected, a sentence
 * @param {number} roundTrip in ms; Infinity where it is not known
 */
export function transportTitle(way, roundTrip) {
  const ms = roundTrip < 10 ? roundTrip.toFixed(1) : Math.round(roundTrip);
  return Number.isFinite(roundTrip) ? `${way} Round trip: ${ms} ms.` : way;
}
