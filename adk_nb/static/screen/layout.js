/** The elements of a view, but for what the panel and the transcript draw. Text only ever enters as text nodes. */

const SVG = "http://www.w3.org/2000/svg";
const ICONS = {
  mic: ["M12 15a3.5 3.5 0 0 0 3.5-3.5v-6a3.5 3.5 0 0 0-7 0v6A3.5 3.5 0 0 0 12 15Z", "M5.5 11.5a6.5 6.5 0 0 0 13 0M12 18v3.5"],
  camera: ["M4 7h9a2 2 0 0 1 2 2v6a2 2 0 0 1-2 2H4a2 2 0 0 1-2-2V9a2 2 0 0 1 2-2Z", "M15 11l6.5-3.5v9L15 13"],
  screen: ["M3 4.5h18v12H3Z", "M8.5 20h7M12 16.5v3.5"],
  send: ["M12 20V4.5M5.5 11 12 4.5l6.5 6.5"],
  stop: ["M7 7h10v10H7Z"],
  close: ["M6.5 6.5l11 11M17.5 6.5l-11 11"],
  tools: ["M4 8h8M18 8h2M4 16h2M12 16h8", "M12 8a3 3 0 1 0 6 0a3 3 0 1 0-6 0M6 16a3 3 0 1 0 6 0a3 3 0 1 0-6 0"],
  help: ["M9 9.2a3 3 0 1 1 4.2 2.8c-.8.4-1.2 1-1.2 1.9v.6M12 17.6v.2"],
  sound: ["M4 9.5v5h3.5L12 18.5v-13L7.5 9.5Z", "M15.5 9a4.2 4.2 0 0 1 0 6M18 6.5a7.8 7.8 0 0 1 0 11"],
};

/**
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Record<string, string>} [attributes]
 * @param {...(Node | string)} children
 * @returns {HTMLElementTagNameMap[Tag]}
 */
export function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

/** @param {keyof typeof ICONS} name */
function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  svg.setAttribute("class", `adk-nb-icon adk-nb-icon-${name}`);
  for (const d of ICONS[name]) {
    const path = document.createElementNS(SVG, "path");
    path.setAttribute("d", d);
    svg.append(path);
  }
  return svg;
}

/**
 * @param {string} name for tests and styles
 * @param {string} label
 * @param {keyof typeof ICONS} image
 */
function button(name, label, image) {
  return element(
    "button",
    { type: "button", class: `adk-nb-button adk-nb-${name}`, "data-adk-nb": name, "aria-label": label, title: label },
    icon(image),
  );
}

/** A page may hold several widgets, and several versions of this module. @param {string} name */
function uniqueId(name) {
  return `adk-nb-${name}-${Math.random().toString(36).slice(2)}`;
}

/** What is known of the agent, and the button that shows it. */
function agentPanel() {
  const count = element("span", { class: "adk-nb-count" });
  const toggle = button("panel", "Agent and tools", "tools");
  const region = element("div", {
    class: "adk-nb-agent-panel", "data-adk-nb": "agent-panel", id: uniqueId("panel"), role: "region",
    "aria-label": "Agent and tools", tabindex: "-1", hidden: "",
  });
  toggle.append(count);
  toggle.setAttribute("aria-expanded", "false");
  toggle.setAttribute("aria-controls", region.id);
  return { toggle, count, region };
}

/** @param {HTMLElement} toggle */
function header(toggle) {
  const state = element("span", { class: "adk-nb-state" });
  const status = element("span", { class: "adk-nb-status", "data-adk-nb": "status", role: "status" }, state);
  const agent = element("span", { class: "adk-nb-agent", "data-adk-nb": "agent" });
  const model = element("span", { class: "adk-nb-model", "data-adk-nb": "model" });
  const transport = element("span", { class: "adk-nb-transport", title: "How this page is connected" });
  const help = button("help", "Keys and calls (?)", "help");
  help.setAttribute("aria-expanded", "false");
  const row = element("div", { class: "adk-nb-header" }, agent, model, toggle, transport, status, help);
  return { row, status, state, agent, model, transport, help };
}

/** Hidden until it is known that the model can see. @param {"camera" | "screen"} source @param {string} label */
function watchButton(source, label) {
  const made = button(source, label, source);
  made.setAttribute("aria-pressed", "false");
  made.hidden = true;
  return made;
}

function controls() {
  const mic = button("mic", "Microphone (hold Space to talk)", "mic");
  mic.setAttribute("aria-pressed", "false");
  const level = element(
    "div",
    {
      class: "adk-nb-level", "data-adk-nb": "level", role: "meter", "aria-label": "Microphone level",
      "aria-valuemin": "0", "aria-valuemax": "100", "aria-valuenow": "0",
    },
    element("div", { class: "adk-nb-level-bar" }),
  );
  const voice = button("voice", "The agent's voice", "sound");
  voice.setAttribute("aria-pressed", "true");
  const camera = watchButton("camera", "Camera: show the agent what it sees");
  const screen = watchButton("screen", "Screen: show the agent a screen, window or tab");
  const text = element("textarea", {
    class: "adk-nb-text", "data-adk-nb": "text", rows: "1", "aria-label": "Message", placeholder: "Speak, or type a message",
    dir: "auto",
  });
  const send = button("send", "Send (Enter)", "send");
  const interrupt = button("interrupt", "Interrupt (Esc)", "stop");
  const row = element(
    "div",
    { class: "adk-nb-controls" },
    element("div", { class: "adk-nb-senses" }, mic, level, voice, camera, screen),
    element("div", { class: "adk-nb-compose" }, text, send),
    interrupt,
  );
  return { row, mic, level, voice, camera, screen, text, send, interrupt };
}

function errorLine() {
  const code = element("span", { class: "adk-nb-error-code" });
  const message = element("span", { class: "adk-nb-error-message" });
  const remedy = element("span", { class: "adk-nb-error-remedy" });
  const dismiss = button("dismiss", "Dismiss", "close");
  const said = element("div", { class: "adk-nb-error-text" }, message, " ", remedy, " ", code);
  const row = element("div", { class: "adk-nb-error", "data-adk-nb": "error", role: "alert", hidden: "" }, said, dismiss);
  return { row, message, remedy, code, dismiss };
}

/**
 * Fills `root` anew.
 *
 * @param {HTMLElement} root
 */
export function layOut(root) {
  const panel = agentPanel();
  const head = header(panel.toggle);
  const unmute = element(
    "button",
    { type: "button", class: "adk-nb-unmute", "data-adk-nb": "unmute", hidden: "" },
    icon("sound"), "Click to hear the agent",
  );
  const transcript = element("div", {
    class: "adk-nb-transcript", "data-adk-nb": "transcript", role: "log", "aria-live": "off", "aria-label": "Transcript", tabindex: "0",
  });
  const live = element("div", { class: "adk-nb-hidden", "aria-live": "polite" });
  const alert = element("div", { class: "adk-nb-hidden", "aria-live": "assertive" });
  const error = errorLine();
  const control = controls();
  root.replaceChildren(head.row, panel.region, transcript, live, alert, unmute, error.row, control.row);
  return { root, head, panel, unmute, transcript, live, alert, error, control };
}

/** @typedef {ReturnType<typeof layOut>} Layout */
