/** How the page that is served by itself gets in: by the code of its link, once, and then by the token it got for it. */
import { SUBPROTOCOL } from "../link/wire.js";

export { NOTEBOOK as wording } from "../screen/wording.js";

/** Whether another conversation can be had where this one is not known any more. */
export const reopens = false;

/** @typedef {import("../link/connection.js").Address} Address */

const KEPT = "adk-nb-admission";
export const USED = {
  code: "link_used",
  message: "This link was used already, is too old, or its conversation has ended.",
  remedy: "Open another one: adk_nb.open(live) in the notebook, or the link in its widget.",
};

/**
 * Where the bridge is, for a page at this address: the bridge's own, or below a Jupyter server's base URL.
 *
 * @param {{protocol: string, host: string, pathname: string}} location
 * @param {string} kernel its id at its Jupyter server; empty where the bridge serves the page
 */
export function bridgeOf({ protocol, host, pathname }, kernel) {
  const socket = `${protocol.replace("http", "ws")}//${host}`;
  return kernel ? `${socket}${pathname.replace(/page\/?$/, "")}${encodeURIComponent(kernel)}` : `${socket}/`;
}

/** @param {string} hash a link's, `#code` or `#code.kernel` */
export function codeOf(hash) {
  const [code, kernel = ""] = hash.replace(/^#/, "").split(".");
  return { code, kernel };
}

/**
 * Exchanges the code for the session's token; it can be done once.
 *
 * @param {string} url
 * @param {string} code
 * @returns {Promise<string>}
 */
export function redeem(url, code) {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(url, SUBPROTOCOL);
    socket.onopen = () => socket.send(JSON.stringify({ type: "redeem", code }));
    socket.onmessage = ({ data }) => resolve(String(JSON.parse(data).token));
    socket.onclose = () => reject(USED);
  });
}

/** What lets this tab in, also when it is loaded again; throws a Failure. @returns {Promise<Address>} */
export async function admission() {
  const { code, kernel } = codeOf(location.hash);
  if (code) {
    history.replaceState(null, "", location.pathname); // not for the history, or a screen that is shared
    const url = bridgeOf(location, kernel);
    const token = await redeem(url, code);
    sessionStorage.setItem(KEPT, JSON.stringify({ url, token, kernel, transport: "websocket" }));
  }
  const kept = sessionStorage.getItem(KEPT);
  if (!kept) throw USED;
  return JSON.parse(kept);
}
