/** The DOM of a tool's call in the transcript: its line, what it printed and displayed, and its question. */
import { beginning, formatMs } from "./format.js";
import { element } from "./layout.js";

/**
 * @typedef {import("./transcript-model.js").Entry} Entry
 * @typedef {import("./transcript-model.js").Question} Question
 * @typedef {import("./transcript-model.js").Rest} Rest
 * @typedef {(id: unknown, approved: boolean, answer?: string) => boolean} Answerer whether the answer went out; `answer` is a sign-in's
 * @typedef {(id: string) => boolean} Stopper stops a call; whether that went out
 * @typedef {(rest: Rest) => boolean} Asker asks for more of a result; whether that went out
 */

const LONG = 160; // characters past which a tool's line is folded
const PREVIEW = 72;
const SHORT_LINES = 6; // printed lines up to which they are not folded

/** @param {string} text */
function isLong(text) {
  return text.length > LONG || text.includes("\n");
}

/** @param {string} text */
function preview(text) {
  if (!isLong(text)) return text;
  return beginning(text.replace(/\s+/g, " "), PREVIEW);
}

/** Whether what was printed is a few short lines. @param {string} output */
export function isShort(output) {
  if (output.length > SHORT_LINES * LONG) return false;
  const lines = output.trimEnd().split("\n");
  return lines.length <= SHORT_LINES && lines.every((line) => line.length <= LONG);
}

/** The first line that says anything, and how much there is. @param {string} output @param {number} cut */
export function outline(output, cut) {
  const [first = ""] = output.slice(0, 1000).trimStart().split("\n");
  return `${beginning(first, PREVIEW)} (${output.length + cut} characters)`;
}

/** @param {Entry} entry */
function toolLine({ call, text, outcome, ms, answer, waitedMs }) {
  /** @type {(Node | string)[]} */
  const line = [element("code", { class: "adk-nb-call" }, preview(call))];
  if (answer) {
    const tag = element("span", { class: "adk-nb-tag", "data-answer": answer }, answer);
    if (waitedMs !== null) tag.title = `approval_ms: it waited ${formatMs(waitedMs)} for you`;
    line.push(" ", tag);
  }
  if (outcome === "running") line.push(element("span", { class: "adk-nb-running", "aria-label": "running" }, "…"));
  else line.push(element("span", { class: "adk-nb-arrow" }, " → "), element("span", { class: "adk-nb-result" }, preview(text)));
  if (ms !== null) line.push(" ", element("span", { class: "adk-nb-ms", title: "ms: how long the tool ran" }, formatMs(ms)));
  return line;
}

/**
 * @param {Rest} rest
 * @param {Asker} more
 */
function moreOf(rest, more) {
  const label = `Show more (${rest.offset.toLocaleString("en")} of ${rest.length.toLocaleString("en")} characters)`;
  const made = element("button", { type: "button", class: "adk-nb-choice adk-nb-more", "data-adk-nb": "more" }, label);
  made.addEventListener("click", () => {
    // Not disabled, which would lose the focus.
    if (made.ariaDisabled !== "true" && more(rest)) made.ariaDisabled = "true";
  });
  return element("div", { class: "adk-nb-cut" }, "Shortened; live.tools_df() has all of it. ", made);
}

/**
 * @param {Entry} entry
 * @param {boolean} open whether its details were
 * @param {Asker} more
 */
function said(entry, open, more) {
  if (entry.question) {
    const call = element("pre", { class: "adk-nb-call adk-nb-whole", tabindex: "0" }, entry.question.call);
    return element("div", { class: "adk-nb-said" }, call);
  }
  const line = toolLine(entry);
  if (!isLong(entry.text) && !isLong(entry.call)) return element("div", { class: "adk-nb-said" }, ...line);
  const full = entry.call.length > LONG ? `${entry.call}\n→ ${entry.text}` : entry.text;
  const details = element("details", { class: "adk-nb-said" }, element("summary", {}, ...line), element("pre", { tabindex: "0" }, full));
  details.open = open;
  if (entry.rest) details.append(moreOf(entry.rest, more));
  return details;
}

/**
 * @param {Question} question
 * @param {Answerer} answer
 */
function questionBox({ id, call, hint }, answer) {
  /** @param {string} name @param {string} label @param {boolean} approved */
  const choice = (name, label, approved) => {
    const made = element("button", { type: "button", class: `adk-nb-choice adk-nb-${name}`, "data-adk-nb": name }, label);
    made.addEventListener("click", () => {
      if (answer(id, approved)) for (const one of choices) one.disabled = true;
    });
    return made;
  };
  const choices = [choice("approve", "Approve", true), choice("reject", "Reject", false)];
  return element(
    "div",
    { class: "adk-nb-question", "data-adk-nb": "question", role: "group", "aria-label": `Approve ${preview(call)}?` },
    element("div", { class: "adk-nb-hint" }, hint || "This call needs your approval."),
    element("div", { class: "adk-nb-choices" }, ...choices),
  );
}

/**
 * A sign-in: its link, a field for what comes of it, and a way to refuse.
 *
 * @param {Question} question
 * @param {Answerer} answer
 */
function signInBox({ id, call, hint, signIn }, answer) {
  const wanted = signIn ? "The address that you were sent to, or the code" : "The key or token";
  const field = element("input", { class: "adk-nb-answer", "data-adk-nb": "sign-in-answer", autocomplete: "off", spellcheck: "false",
    type: signIn ? "text" : "password", "aria-label": wanted, placeholder: wanted });
  const done = element("button", { type: "submit", class: "adk-nb-choice adk-nb-approve", "data-adk-nb": "approve" }, "Done");
  const refuse = element("button", { type: "button", class: "adk-nb-choice adk-nb-reject", "data-adk-nb": "reject" }, "Refuse");
  const input = /** @type {HTMLInputElement} */ (field);
  /** @param {boolean} sent */
  const over = (sent) => {
    if (sent) for (const one of [input, done, refuse]) /** @type {HTMLInputElement | HTMLButtonElement} */ (one).disabled = true;
  };
  refuse.addEventListener("click", () => over(answer(id, false)));
  const form = element("form", { class: "adk-nb-choices" }, input, done, refuse);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (input.value.trim()) over(answer(id, true, input.value.trim()));
    else input.focus();
  });
  const link = signIn ? [element("a", { href: signIn, target: "_blank", rel: "noopener noreferrer", "data-adk-nb": "sign-in" }, `Sign in at ${new URL(signIn).host}`)] : [];
  return element(
    "div",
    { class: "adk-nb-question", "data-adk-nb": "question", role: "group", "aria-label": `Sign in for ${preview(call)}` },
    element("div", { class: "adk-nb-hint" }, hint),
    ...link,
    form,
  );
}

/** What a tool printed. The text only ever grows: it is added to, since a tool may print a great many pieces. */
class Printed {
  constructor() {
    this.text = document.createTextNode("");
    this.cut = element("div", { class: "adk-nb-cut", hidden: "" });
    this.pre = element("pre", { class: "adk-nb-output", "data-adk-nb": "tool-output" }, this.text);
    this.summary = element("summary");
    this.box = element("div", { class: "adk-nb-printed", hidden: "" }, this.pre, this.cut);
    this.folded = false;
  }

  /** @param {Entry} entry */
  draw({ output, cut }) {
    if (!output) return;
    this.box.hidden = false;
    if (output.length > this.text.length) this.text.appendData(output.slice(this.text.length));
    if (!this.folded && !isShort(output)) this.fold();
    if (this.folded) this.summary.textContent = outline(output, cut);
    this.cut.hidden = cut === 0;
    this.cut.textContent = `… ${cut} more characters were printed and are not shown`;
  }

  fold() {
    this.folded = true;
    this.pre.tabIndex = 0; // it scrolls
    this.box.replaceChildren(element("details", {}, this.summary, this.pre, this.cut));
  }
}

export class ToolEntry {
  /** @param {Answerer} answer @param {Asker} more @param {Stopper} stop */
  constructor(answer, more, stop) {
    this.answer = answer;
    this.more = more;
    this.line = element("div");
    this.stop = element("button", { type: "button", class: "adk-nb-choice adk-nb-stop-tool", "data-adk-nb": "stop-tool", hidden: "" }, "Stop");
    this.stop.addEventListener("click", () => {
      if (stop(this.id)) this.stop.disabled = true;
    });
    this.id = "";
    this.printed = new Printed();
    this.images = element("div", { class: "adk-nb-images", hidden: "" });
    this.asking = element("div", { hidden: "" });
    this.body = element("div", { class: "adk-nb-tool" }, this.stop, this.line, this.printed.box, this.images, this.asking);
    this.drawn = "";
    /** @type {Question | null} */
    this.question = null;
  }

  /** Draws what changed, and only that: a box that is open stays so, a button keeps the focus. @param {Entry} entry */
  draw(entry) {
    const { call, text, outcome, ms, answer, question, rest } = entry;
    this.id = entry.key.slice(`tool/${entry.turn}/`.length);
    this.stop.hidden = outcome !== "running" || question !== null;
    this.stop.ariaLabel = `Stop ${entry.name || "the tool"}`;
    const drawn = JSON.stringify([call, text, outcome, ms, answer, question?.call, rest?.offset]);
    if (drawn !== this.drawn) {
      this.drawn = drawn;
      const focused = document.activeElement?.matches(".adk-nb-more") && this.line.contains(document.activeElement);
      this.line.replaceChildren(said(entry, this.line.querySelector("details")?.open === true, this.more));
      /** @param {string} found @returns {HTMLElement | null} */
      const one = (found) => this.line.querySelector(found);
      if (focused) (one(".adk-nb-more") ?? one("pre"))?.focus();
    }
    this.printed.draw(entry);
    this.drawImages(entry);
    if (question === this.question) return;
    this.question = question;
    this.asking.hidden = question === null;
    this.asking.replaceChildren(...(question ? [(question.signIn === null ? questionBox : signInBox)(question, this.answer)] : []));
  }

  /** @param {Entry} entry */
  drawImages({ images, imagesCut, name }) {
    const { images: box } = this;
    box.hidden = images.length === 0;
    const alt = `displayed by ${name || "a tool"}`;
    const shown = box.querySelectorAll("img");
    for (const image of shown) image.alt = alt;
    for (const src of images.slice(shown.length)) box.append(element("img", { class: "adk-nb-image", alt, src }));
    if (!imagesCut) return;
    box.querySelector(".adk-nb-cut")?.remove();
    box.append(element("div", { class: "adk-nb-cut" }, `… ${imagesCut} more images are not shown`));
  }
}
