/** What of the web an answer rests on. */
import { beginning } from "./format.js";

/** @typedef {{title: string, href: string}} Source `href` is empty where it is no web address */

const MAX_SOURCES = 50;
const MAX_TITLE = 120;

/** The address, if following it can do no more than open a web page. @param {unknown} uri */
export function webAddress(uri) {
  if (typeof uri !== "string") return null;
  try {
    const url = new URL(uri);
    return url.protocol === "https:" || url.protocol === "http:" ? url : null;
  } catch {
    return null;
  }
}

/** @param {unknown} said a message's `sources` @returns {Source[]} each one once */
export function sourceList(said) {
  /** @type {Map<string, Source>} */
  const sources = new Map();
  for (const item of Array.isArray(said) ? said : []) {
    const { title, uri } = item && typeof item === "object" ? item : { title: "", uri: "" };
    const url = webAddress(uri);
    const name = (typeof title === "string" && title.trim()) || (url ? url.host : typeof uri === "string" ? uri : "");
    if (!name || sources.size >= MAX_SOURCES) continue;
    const short = beginning(name, MAX_TITLE);
    const href = url?.href ?? "";
    sources.set(`${href} ${short}`, { title: short, href });
  }
  return [...sources.values()];
}
