/**
 * How the page of a server of an agent gets in, in the place of admission.js: the server opens a session for it, or finds
 * the one that this tab had. It says in the console what goes to the agent and comes from it, and how much.
 */

export { SERVED as wording } from "../screen/wording.js";

/** Whether another conversation can be had where this one is not known any more. */
export const reopens = true;

/** @typedef {import("../link/connection.js").Address} Address */

const VISIT = "adk-nb-visit";
const UNREACHABLE = { code: "unreachable", message: "The server cannot be reached.", remedy: "Reload the page in a while." };

/** What the clocks of page and bridge ask each other all the time; it would hide all else. */
const CLOCKS = new Set(["clock", "clock_offset"]);

/**
 * Says the kind of a frame and its size in the console, and nothing of what is said.
 *
 * @param {string} way
 * @param {string | Blob | BufferSource} data
 */
export function say(way, data) {
  if (typeof data !== "string") {
    console.log(`${way}: binary: ${data instanceof Blob ? data.size : data.byteLength} bytes.`);
    return;
  }
  const { type } = JSON.parse(data);
  if (!CLOCKS.has(type)) console.log(`${way}: ${type}: ${data.length} characters.`);
}

/** A WebSocket that says what goes over it. */
class Told extends WebSocket {
  /** @param {string | URL} url @param {string | string[]} [protocols] */
  constructor(url, protocols) {
    super(url, protocols);
    this.addEventListener("message", ({ data }) => say("[AGENT TO CLIENT]", data));
  }

  /** @param {string | Blob | BufferSource} data */
  send(data) {
    say("[CLIENT TO AGENT]", data);
    super.send(data);
  }
}

/** Opens a session for this tab, or finds its own; throws a Failure. @returns {Promise<Address>} */
export async function admission() {
  globalThis.WebSocket = Told;
  const open = new URL("open", location.href); // the page may be mounted below another's
  const shown = sessionStorage.getItem(VISIT) ?? ""; // not in the address, which proxies write down
  const response = await fetch(open, { method: "POST", body: shown }).catch(() => Promise.reject(UNREACHABLE));
  const answer = await response.json().catch(() => Promise.reject(UNREACHABLE));
  if (!response.ok) throw answer;
  sessionStorage.setItem(VISIT, answer.token);
  const socket = new URL("session", location.href);
  socket.protocol = socket.protocol.replace("http", "ws");
  return { url: socket.href, token: answer.token, kernel: "", transport: "websocket" };
}
