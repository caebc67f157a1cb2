/** The panel under the header: who answers, the tools with a switch each, and what the last swap changed. */
import { element } from "./layout.js";

/**
 * @typedef {import("./agent-state.js").AgentState} AgentState
 * @typedef {AgentState["shown"][number]} Shown
 */

/** @param {string} name */
function term(name) {
  return element("span", { class: "adk-nb-term" }, name);
}

/** @param {string[]} sentences */
function changeList(sentences) {
  return element("ul", { class: "adk-nb-changes", "data-adk-nb": "changes" }, ...sentences.map((said) => element("li", {}, said)));
}

/** @param {Shown} tool */
function toolSwitch({ name, on, description, busy, fresh }) {
  const box = element("input", { type: "checkbox", "data-adk-nb": "tool", "data-tool": name });
  box.checked = on;
  box.disabled = busy;
  box.setAttribute("aria-busy", String(busy));
  if (description) box.setAttribute("aria-description", description);
  const label = element("label", { class: "adk-nb-tool-switch" }, box, element("span", { class: "adk-nb-tool-name" }, name));
  label.title = description;
  if (fresh) label.append(element("span", { class: "adk-nb-tag adk-nb-new" }, "new"));
  return label;
}

export class Panel {
  /**
   * @param {import("./layout.js").Layout["panel"]} parts
   * @param {object} options
   * @param {AgentState} options.agent
   * @param {(name: string, on: boolean) => boolean} options.onswitch whether the wish went out
   * @param {AbortSignal} options.signal
   */
  constructor({ toggle, count, region }, { agent, onswitch, signal }) {
    this.toggle = toggle;
    this.count = count;
    this.region = region;
    this.agent = agent;
    this.onswitch = onswitch;
    this.tools = element("fieldset", { class: "adk-nb-tools", "aria-label": "Tools" });
    /** The tool whose box has the focus, or had it before it was disabled. */
    this.focused = "";
    toggle.addEventListener("click", () => this.open(Boolean(region.hidden)), { signal });
    region.addEventListener("change", (event) => this.changed(/** @type {HTMLInputElement} */ (event.target)), { signal });
    region.addEventListener("keydown", (event) => this.escape(event), { signal });
    toggle.addEventListener("keydown", (event) => this.escape(event), { signal });
  }

  /** @param {boolean} open */
  open(open) {
    if (!open && this.region.contains(document.activeElement)) this.toggle.focus();
    this.region.hidden = !open;
    this.toggle.setAttribute("aria-expanded", String(open));
  }

  /** Closes the panel, and lets nobody take that for an interruption. @param {KeyboardEvent} event */
  escape(event) {
    if (event.key !== "Escape" || this.region.hidden) return;
    event.stopPropagation();
    this.open(false);
  }

  /** @param {HTMLInputElement} box */
  changed(box) {
    const name = box.dataset.tool;
    if (name === undefined) return;
    if (this.onswitch(name, box.checked)) this.agent.want(name, box.checked);
    this.draw();
  }

  /** Draws it all anew; the focus stays where it was. */
  draw() {
    const { agent, region, tools } = this;
    this.count.textContent = agent.count;
    this.toggle.setAttribute("aria-label", `${agent.count}: agent and tools`);
    const active = /** @type {HTMLElement | null} */ (document.activeElement);
    const held = active === region || region.contains(active);
    if (held && active?.dataset.tool !== undefined) this.focused = active.dataset.tool;
    else if (!held) this.focused = "";
    tools.replaceChildren(...(agent.tools.length ? agent.shown.map(toolSwitch) : ["No tools"]));
    region.replaceChildren(
      term("Agent:"), element("span", {}, agent.name), term("Model:"), element("span", {}, agent.model), term("Tools:"), tools,
      ...(agent.changes.length ? [term("Last change:"), changeList(agent.changes)] : []),
    );
    if (held) this.refocus();
  }

  /** A box that is disabled cannot have the focus: the panel keeps it meanwhile, lest it go to the notebook. */
  refocus() {
    const boxes = /** @type {HTMLInputElement[]} */ ([...this.tools.querySelectorAll("input")]);
    const box = boxes.find(({ dataset, disabled }) => dataset.tool === this.focused && !disabled);
    (box ?? this.region).focus({ preventScroll: true });
    if (box) this.focused = "";
  }
}
