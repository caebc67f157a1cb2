/** The microphone's level meter. */

const SPOKEN_EVERY_MS = 500;

/** A level from 0 to 1 for a meter, from -60 dB to full scale. @param {number} rms */
export function meterLevel(rms) {
  return Math.max(0, Math.min(1, 1 + Math.log10(rms) / 3));
}

export class Meter {
  /** @param {HTMLElement} element */
  constructor(element) {
    this.element = element;
    this.spoken = -Infinity; // a page's clock begins at nought
  }

  /** @param {number} rms @param {number} clock */
  show(rms, clock) {
    const level = meterLevel(rms);
    this.element.style.setProperty("--adk-nb-level", level.toFixed(3));
    if (clock - this.spoken < SPOKEN_EVERY_MS) return;
    this.spoken = clock;
    this.element.setAttribute("aria-valuenow", String(Math.round(level * 100)));
  }

  clear() {
    this.element.style.removeProperty("--adk-nb-level");
    this.element.setAttribute("aria-valuenow", "0");
    this.spoken = -Infinity;
  }
}
