/** What a view finds wrong by itself, and the line that says what is wrong. */

/** @typedef {import("../link/wire.js").Failure} Failure */

/** @param {string} version ipykernel's @returns {Failure} */
export function cellHolds(version) {
  return {
    code: "cell_holds",
    message: `A running cell blocks the sound${version && parseInt(version) < 7 ? `: this kernel has ipykernel ${version}` : ""}.`,
    remedy: "It goes on when the cell has ended. With ipykernel 7 and JupyterLab 4.4, or through the Jupyter server, it would not wait.",
  };
}

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
