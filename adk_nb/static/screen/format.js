/** Values as a researcher would write them. */

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

const SEGMENTS = new Intl.Segmenter();

/** ADK wraps what a plain function returns in {"result": …}: show what the function said. @param {unknown} result */
export function unwrap(result) {
  if (!result || typeof result !== "object" || Array.isArray(result)) return result;
  const keys = Object.keys(result);
  return keys.length === 1 && keys[0] === "result" ? /** @type {any} */ (result).result : result;
}

/** Counted as Python counts them, where an emoji is one. @param {string} text */
export function characters(text) {
  let count = 0;
  for (const _ of text) count += 1;
  return count;
}

/** The beginning of a text, with no character cut in two. @param {string} text @param {number} length */
export function beginning(text, length) {
  if (text.length <= length) return text;
  let end = 0;
  // What a reader takes for one character lies in front of the place where it may be cut.
  for (const { index, segment } of SEGMENTS.segment(text.slice(0, length + 64))) {
    if (index + segment.length > length) break;
    end = index + segment.length;
  }
  return `${text.slice(0, end)}…`;
}

/** @param {number} ms */
export function formatMs(ms) {
  return ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`;
}
