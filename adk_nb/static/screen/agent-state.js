/** What answers, and with which tools, as the kernel last said it and as the user would have it. No DOM here. */

/** @typedef {{name: string, on: boolean, description: string}} Tool */

/** @param {unknown} said a message's `tools`: objects, or plain names @returns {Tool[]} */
function toolList(said) {
  /** @type {Map<string, Tool>} */
  const tools = new Map();
  for (const item of Array.isArray(said) ? said : []) {
    const { name, on, description } = item && typeof item === "object" ? item : { name: item };
    if (typeof name !== "string" || !name) continue;
    tools.set(name, { name, on: on !== false, description: typeof description === "string" ? description : "" });
  }
  return [...tools.values()];
}

/** @param {unknown} said @returns {string[]} */
function sentences(said) {
  return Array.isArray(said) ? said.filter((sentence) => typeof sentence === "string" && sentence) : [];
}

export class AgentState {
  constructor() {
    this.name = "";
    this.model = "";
    /** @type {Tool[]} */
    this.tools = [];
    /** @type {string[]} what the newest swap changed */
    this.changes = [];
    /** @type {Set<string>} the tools that the newest `agent` message brought */
    this.fresh = new Set();
    /** @type {Map<string, boolean>} what the user wants of a tool, until the kernel answers */
    this.wanted = new Map();
  }

  /** @param {import("../link/wire.js").Message} message `agent`, or `hello`, which brings nothing new */
  say({ type, agent, model, tools, changes }) {
    const before = new Set(this.tools.map(({ name }) => name));
    this.name = String(agent ?? "");
    this.model = String(model ?? "");
    this.tools = toolList(tools);
    this.changes = sentences(changes);
    const names = this.tools.map(({ name }) => name);
    this.fresh = new Set(names.filter((name) => (type === "agent" ? !before.has(name) : this.fresh.has(name))));
    this.wanted.clear();
  }

  /** @param {string} name @param {boolean} on */
  want(name, on) {
    this.wanted.set(name, on);
  }

  /** The kernel refused: back to what it last said. @returns {boolean} whether anything was wanted */
  settle() {
    const any = this.wanted.size > 0;
    this.wanted.clear();
    return any;
  }

  /** @returns {(Tool & {busy: boolean, fresh: boolean})[]} as a list of them shows */
  get shown() {
    return this.tools.map((tool) => ({
      ...tool,
      on: this.wanted.get(tool.name) ?? tool.on,
      busy: this.wanted.has(tool.name),
      fresh: this.fresh.has(tool.name),
    }));
  }

  /** @returns {string[]} the names of the tools that are on */
  get working() {
    return this.tools.filter(({ on }) => on).map(({ name }) => name);
  }

  get count() {
    const all = this.tools.length;
    if (!all) return "No tools";
    const on = this.working.length;
    const tools = all === 1 ? "tool" : "tools";
    return on === all ? `${all} ${tools}` : `${on} of ${all} ${tools}`;
  }
}
