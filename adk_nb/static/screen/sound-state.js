/** What the page says where it has no sound just now, though it could have. */

/** @typedef {import("../link/wire.js").Failure} Failure */

/** @type {Failure} */
export const MIC_MUTED = {
  code: "mic_muted",
  message: "The microphone is muted, by the system or at the device: the agent hears nothing.",
  remedy: "Unmute it there (a call that ends gives it back by itself); it goes on at once.",
};

/** @type {Record<string, string>} by the audio context's state, as some browsers call it while a call has the sound */
const WORDS = {
  suspended: "Click to hear the agent",
  interrupted: "The sound is interrupted, by a call perhaps: click to go on",
};

/**
 * @param {HTMLElement} button
 * @param {string} state the audio context's
 */
export function showSoundState(button, state) {
  const words = WORDS[state];
  button.hidden = words === undefined;
  const label = button.lastChild;
  if (words && label && label.textContent !== words) label.textContent = words;
}
