/** What a view finds wrong by itself, and the line that says what is wrong. */

/** @typedef {import("../link/wire.js").Failure} Failure */

export const UNREACHABLE = {
  code: "unreachable",
  message: "The kernel cannot be reached.",
  remedy: "If it was restarted, re-run the cell that made this widget; otherwise it will be tried again.",
};
export const REFUSED = { code: "refused", message: "The bridge refused this page.", remedy: "Re-run the cell that made this widget." };
export const ENDED = { code: "session_closed", message: "This session has ended.", remedy: "Run the cell that made this widget again." };
export const TOO_LONG = {
  code: "text_too_long",
  message: "The text is too long to be sent at once.",
  remedy: "Send at most 100,000 characters, or put it where a tool can read it.",
};
export const NOT_SENT = { code: "not_sent", message: "The message was not sent: there is no connection.", remedy: "Send it again when it is back." };

/**
 * @param {import("./layout.js").Layout["error"]} line
 * @param {Failure | null} failure to show, or none
 */
export function showFailure({ row, message, remedy, code }, failure) {
  row.hidden = failure === null;
  row.dataset.code = failure?.code ?? "";
  message.textContent = failure?.message ?? "";
  remedy.textContent = failure?.remedy ?? "";
  code.textContent = failure?.code ?? "";
}
