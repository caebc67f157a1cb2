/** Talking while the space bar is held. */

/**
 * Whether a key belongs to the element that has the focus and not to the widget.
 *
 * @param {Element} target
 */
function wantsSpace(target) {
  return target.closest("textarea, input, select, summary, [contenteditable], button:not([data-adk-nb=mic])") !== null;
}

export class PushToTalk {
  /**
   * @param {HTMLElement} root
   * @param {object} on
   * @param {() => boolean} on.press false if it cannot be done now
   * @param {() => void} on.release
   */
  constructor(root, on) {
    this.root = root;
    this.on = on;
    this.held = false;
  }

  /** @param {AbortSignal} signal */
  listen(signal) {
    this.root.addEventListener("keydown", (event) => this.down(event), { signal });
    this.root.addEventListener("keyup", (event) => this.up(event), { signal });
    this.root.addEventListener("focusout", ({ relatedTarget }) => {
      if (!(relatedTarget instanceof Node && this.root.contains(relatedTarget))) this.release();
    }, { signal });
    window.addEventListener("blur", () => this.release(), { signal });
    document.addEventListener("visibilitychange", () => document.hidden && this.release(), { signal });
  }

  /** @param {KeyboardEvent} event */
  down(event) {
    if (event.code !== "Space" || event.ctrlKey || event.altKey || event.metaKey || event.shiftKey) return;
    if (wantsSpace(/** @type {Element} */ (event.target))) return;
    event.preventDefault(); // neither scroll nor click the microphone's button
    if (!event.repeat && !this.held) this.held = this.on.press();
  }

  /** @param {KeyboardEvent} event */
  up(event) {
    if (event.code !== "Space") return;
    if (!wantsSpace(/** @type {Element} */ (event.target))) event.preventDefault();
    this.release();
  }

  release() {
    if (!this.held) return;
    this.held = false;
    this.on.release();
  }
}
