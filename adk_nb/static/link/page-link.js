/** The link to the same conversation in the user's own browser, where this page can have no microphone. */
import { isLocal, thisPage } from "./ways.js";

/** @typedef {{url: string, relay: string}} PageLink the page at the bridge itself; the path of the one at the Jupyter server */

const CLASS = "adk-nb-page-link";

/** Whether a page of its own may help against what went wrong. @param {string} code a Failure's */
export function helps(code) {
  return /^mic_(denied|missing|forbidden)$|^insecure_context$/.test(code);
}

/**
 * The address for a browser that shows this page; empty where none is known.
 *
 * @param {PageLink} link
 * @param {import("./ways.js").Page} [page]
 */
export function addressOf({ url, relay }, page = thisPage()) {
  if (isLocal(page.hostname) || !/^https?:$/.test(page.protocol)) return url; // an editor's own page is on the user's machine
  return relay && page.baseUrl !== null ? new URL(relay, `${page.protocol}//${page.host}${page.baseUrl.replace(/\/*$/, "/")}`).href : "";
}

/** @param {HTMLElement} row the error's @param {() => Promise<PageLink>} ask the kernel, for a link that opens once */
export async function offer(row, ask) {
  const address = addressOf(await ask());
  if (!address) return;
  withdraw(row);
  const link = document.createElement("a");
  link.className = CLASS;
  link.dataset.adkNb = "page-link";
  link.target = "_blank";
  link.rel = "noreferrer";
  link.href = address;
  link.textContent = "Open the microphone page";
  link.addEventListener("click", () => setTimeout(() => withdraw(row))); // it opens once
  row.firstElementChild?.append(" ", link);
}

/** @param {HTMLElement} row */
export function withdraw(row) {
  row.querySelector(`.${CLASS}`)?.remove();
}
