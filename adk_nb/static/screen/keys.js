/** Which keys are the widget's own: all others are the notebook's, such as Ctrl+S and those of its palette. */

/** In JupyterLab before 4.1, and in what has not moved since, keys reach shortcuts before the widget: this holds them back. */
const SUPPRESS = "data-lm-suppress-shortcuts";
const EDITING = "acvxyz";
const EDITING_WITH_SHIFT = "vz";

/** Whether a key belongs to an input method that composes a word; in Safari the one that ends it says so by its code alone. @param {KeyboardEvent} event */
export function isComposing(event) {
  return event.isComposing || event.keyCode === 229;
}

/**
 * Whether a key is the widget's own. All keys without Ctrl, Alt or Meta are: of a notebook's own, "dd" deletes a cell.
 *
 * @param {KeyboardEvent} event
 * @param {boolean} typing whether it goes to a text
 */
export function isOwn(event, typing) {
  const { key, altKey, shiftKey } = event;
  if (isComposing(event) || event.getModifierState?.("AltGraph")) return true;
  if (/^(F\d+|Control|Alt|Meta)$/.test(key)) return false;
  const command = event.ctrlKey || event.metaKey;
  if (!command && !altKey) return true;
  if (!typing) return command && !shiftKey && key.toLowerCase() === "c"; // what is selected is copied, and not the cell
  if (key.length > 1 || !command) return true; // it moves in the text, or is a character of some keyboards
  return (shiftKey ? EDITING_WITH_SHIFT : EDITING).includes(key.toLowerCase());
}

/** Whether a key goes to a text. @param {Event} event */
export function isTyping({ target }) {
  return target instanceof HTMLElement && target.matches("textarea, input, [contenteditable]");
}

/**
 * Keeps the widget's own keys from the notebook, and no others.
 *
 * @param {HTMLElement} root
 * @param {AbortSignal} signal
 */
export function keepOwnKeys(root, signal) {
  window.addEventListener("keydown", (event) => {
    if (event.composedPath().includes(root)) root.toggleAttribute(SUPPRESS, isOwn(event, isTyping(event)));
  }, { capture: true, signal });
  root.addEventListener("keydown", (event) => {
    if (isOwn(event, isTyping(event))) event.stopPropagation();
  }, { signal });
}
