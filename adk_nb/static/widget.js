/**
 * The anywidget's entry. Its own address is a blob:, where relative imports fail, so the kernel sends the other
 * modules as text and this one links them.
 */

/**
 * @typedef {object} Model anywidget's
 * @property {(name: string) => any} get
 * @property {(name: string, value: any) => void} [set]
 * @property {(content: object, callbacks?: object, buffers?: ArrayBuffer[]) => void} send
 * @property {(name: string, callback: (...args: any[]) => void) => void} on
 * @property {(name: string, callback: (...args: any[]) => void) => void} off
 *
 * @typedef {import("./link/connection.js").Address & {type: "connect", modules: Record<string, string>, styles?: string}} Connect
 * @typedef {{code: string, message: string, remedy: string}} Failure
 */

const ANSWER_WITHIN_MS = 10_000;
const IMPORT = /(\b(?:from|import)\s*["'])(\.{1,2}\/[\w./-]+\.js)(["'])/g;

const NO_ANSWER = {
  code: "no_answer",
  message: "The kernel does not answer: it is busy, or was restarted.",
  remedy: "Wait for it, or re-run the cell that made this widget.",
};
const KERNEL_GONE = {
  code: "kernel_gone",
  message: "The kernel of this widget is gone: it was restarted or shut down.",
  remedy: "Re-run the cells that made this widget.",
};
const ENDED = { code: "session_closed", message: "This conversation has ended.", remedy: "Run the cell for a new one." };
/** Set on the model for a moment, and never saved. */
const PROBE = "_adk_nb_probe";

/** The page's blob URLs by content: widgets share them, and rendering again makes no more. @returns {Map<string, string>} */
function sharedUrls() {
  const page = /** @type {any} */ (globalThis);
  return (page[Symbol.for("adk-nb.modules")] ??= new Map());
}

/**
 * The path of a module that another one imports.
 *
 * @param {string} importer its path
 * @param {string} specifier relative to it, such as "../link/wire.js"
 */
function resolve(importer, specifier) {
  return new URL(specifier, `http://static/${importer}`).pathname.slice(1);
}

/**
 * Makes a URL of each module, in the order of their imports.
 *
 * @param {Record<string, string>} modules sources by path, such as "link/wire.js"
 * @param {(source: string) => string} [toUrl]
 * @returns {Record<string, string>}
 */
export function link(modules, toUrl = blobUrl) {
  /** @type {Record<string, string>} */
  const urls = {};
  /** @type {Set<string>} */
  const open = new Set();
  /** @param {string} path @returns {string} */
  const visit = (path) => {
    if (urls[path]) return urls[path];
    if (modules[path] === undefined) throw new Error(`the kernel sent no module ${path}`);
    if (open.has(path)) throw new Error(`the modules import each other in a circle at ${path}`);
    open.add(path);
    urls[path] = toUrl(modules[path].replace(IMPORT, (_, before, needed, after) => before + visit(resolve(path, needed)) + after));
    return urls[path];
  };
  for (const path of Object.keys(modules)) visit(path);
  return urls;
}

/** @param {string} source */
function blobUrl(source) {
  const urls = sharedUrls();
  let url = urls.get(source);
  if (!url) {
    url = URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
    urls.set(source, url);
  }
  return url;
}

/**
 * What is shown until the modules are there, and if they never come.
 *
 * @param {HTMLElement} root
 * @param {{agent: string, model: string, tools?: string[]}} names
 */
function placeholder(root, names) {
  /** @param {string} name @param {string} text @param {string} [hook] */
  const span = (name, text, hook = name) => {
    const made = document.createElement("span");
    made.className = `adk-nb-${name}`;
    made.dataset.adkNb = hook;
    made.textContent = text;
    return made;
  };
  const header = document.createElement("div");
  header.className = "adk-nb-header";
  const status = span("status", "");
  const label = span("state", "Connecting…");
  status.append(label);
  header.append(span("agent", names.agent), span("model", names.model), status);
  const error = document.createElement("div");
  error.className = "adk-nb-error";
  error.dataset.adkNb = "error";
  error.setAttribute("role", "alert");
  root.replaceChildren(header, error);

  /** @param {"connecting" | "closed"} state */
  const show = (state) => {
    root.dataset.state = status.dataset.state = state;
    label.textContent = state === "closed" ? "Closed" : "Connecting…";
  };
  /** @param {Failure | null} failure */
  const fail = (failure) => {
    error.hidden = failure === null;
    error.dataset.code = failure?.code ?? "";
    error.textContent = failure ? `${failure.message} ${failure.remedy}` : "";
  };
  show("connecting");
  fail(null);
  return { show, fail };
}

/** One rendering of the widget: it talks with the kernel over the comm until a view can do without. */
class Rendering {
  /** @param {Model} model @param {HTMLElement} el */
  constructor(model, el) {
    this.model = model;
    this.root = document.createElement("div");
    this.root.className = "adk-nb";
    this.root.tabIndex = 0;
    el.classList.add("adk-nb-place");
    /** What the kernel sends with the modules; a saved notebook keeps none of it. */
    this.styles = document.createElement("style");
    el.append(this.root, this.styles);
    const tools = model.get("tool_names");
    this.names = { agent: String(model.get("agent_name") ?? ""), model: String(model.get("model_name") ?? ""), tools: Array.isArray(tools) ? tools : [] };
    this.placeholder = placeholder(this.root, this.names);
    /** @type {import("./screen/view.js").View | null} */
    this.view = null;
    this.loading = false;
    this.over = false;
    /** @type {{resolve: (connect: Connect) => void, reject: (error: Error) => void} | null} */
    this.asked = null;
    /** @type {((link: any) => void)[]} who waits for a link to a page of its own */
    this.pages = [];
    /** @type {Failure | null} */
    this.failure = null;
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.timer = undefined;
    /** @type {Set<(message: any, buffers: any[]) => void>} what hears the wire, where it is the widget's own messages */
    this.hearers = new Set();
    /** @param {any} message @param {any[]} buffers */
    this.onmessage = (message, buffers) => this.receive(message, buffers);
    const rendering = this;
    /** @this {any} the view, whose model tells what anywidget's does not */
    this.onlive = function () {
      if (this?.model?.comm_live === false) rendering.end(KERNEL_GONE);
    };
    model.on("msg:custom", this.onmessage);
    model.on("comm_live_update", this.onlive);
    this.recall();
    if (!this.over && this.isDead()) this.end(ENDED);
    if (!this.over) this.ask();
  }

  /**
   * Whether the model is of a saved notebook, with no kernel behind it. anywidget does not tell; but what hears a change
   * of the model is called with the view as its `this`.
   */
  isDead() {
    const { model } = this;
    if (!model.set) return false;
    let dead = false;
    /** @this {any} */
    const look = function () {
      dead = this?.model?.comm_live === false;
    };
    model.on(`change:${PROBE}`, look);
    model.set(PROBE, true);
    model.off(`change:${PROBE}`, look);
    model.set(PROBE, undefined);
    return dead;
  }

  /** Shows what the traits tell of a session that ended before this page was opened. */
  recall() {
    const error = this.model.get("error");
    if (error?.message) this.placeholder.fail(error);
    if (this.model.get("status") !== "closed") return;
    this.over = true;
    this.placeholder.show("closed");
    if (!error?.message) this.placeholder.fail(ENDED);
  }

  ask() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.unanswered(), ANSWER_WITHIN_MS);
    this.model.send({ type: "open", origin: location.origin });
  }

  unanswered() {
    if (this.asked) this.asked.reject(new Error(NO_ANSWER.message));
    this.asked = null;
    this.fail(NO_ANSWER);
  }

  /** The bridge's address, asked for once more: the kernel may have moved it. @returns {Promise<Connect>} */
  address() {
    return new Promise((resolve, reject) => {
      this.asked = { resolve, reject };
      try {
        this.ask();
      } catch (error) {
        reject(error);
        this.end(KERNEL_GONE); // a front end that has lost a kernel's comms takes nothing for it
      }
    });
  }

  /** The widget's own messages, as a way for the wire. @returns {import("./link/comm-channel.js").Port} */
  port() {
    return {
      send: (content, buffers) => this.model.send(content, undefined, buffers),
      listen: (hears) => {
        this.hearers.add(hears);
        return () => this.hearers.delete(hears);
      },
    };
  }

  /** @param {any} message @param {any[]} [buffers] */
  receive(message, buffers = []) {
    if (message?.type === "comm") for (const hears of [...this.hearers]) hears(message, buffers);
    else if (message?.type === "connect") this.connect(message);
    else if (message?.type === "error") this.fail(message);
    else if (message?.type === "closed") this.end(null);
    else if (message?.type === "page") for (const told of this.pages.splice(0)) told(message);
  }

  /** Asks for a link to a page of its own, which opens once. @returns {Promise<import("./link/page-link.js").PageLink>} */
  page() {
    return new Promise((resolve) => {
      this.pages.push(resolve);
      this.model.send({ type: "page" });
    });
  }

  /** @param {Connect} connect */
  connect(connect) {
    clearTimeout(this.timer);
    if (this.asked) this.asked.resolve(connect);
    else if (!this.view && !this.loading && !this.over) this.load(connect);
    this.asked = null;
    if ((this.view ?? this).failure === NO_ANSWER) this.fail(null);
  }

  /** @param {Connect} connect */
  async load(connect) {
    this.loading = true;
    try {
      const urls = link(connect.modules);
      const { View } = await import(urls["screen/view.js"]);
      if (this.over) return;
      this.styles.textContent = connect.styles ?? "";
      let first = /** @type {Connect | null} */ (connect);
      const address = async () => {
        const known = first;
        first = null;
        return known ?? this.address();
      };
      const worklets = { recorder: urls["sound/recorder-processor.js"], player: urls["sound/player-processor.js"] };
      const view = new View({ root: this.root, address, worklets, names: this.names, port: this.port(), page: () => this.page() });
      this.view = view;
      // What failed before there was a page, such as a model that cannot be reached.
      const earlier = this.model.get("error");
      if (earlier?.message) view.fail(earlier);
    } catch (error) {
      this.fail({ code: "load_failed", message: `The widget could not be loaded: ${error}.`, remedy: "Reload the page and re-run the cell." });
    } finally {
      this.loading = false;
    }
  }

  /** @param {Failure | null} failure */
  fail(failure) {
    this.failure = failure;
    (this.view ?? this.placeholder).fail(failure);
  }

  /** @param {Failure | null} failure */
  end(failure) {
    this.over = true;
    clearTimeout(this.timer);
    if (this.view) this.view.end();
    else this.placeholder.show("closed");
    this.fail(failure);
  }

  /** Undoes everything. */
  close() {
    this.over = true;
    clearTimeout(this.timer);
    this.model.off("msg:custom", this.onmessage);
    this.model.off("comm_live_update", this.onlive);
    if (this.asked) this.asked.reject(new Error("the widget is gone"));
    this.asked = null;
    this.root.remove();
    this.styles.remove();
    return this.view?.close();
  }
}

export default {
  /** @param {{model: Model, el: HTMLElement}} context */
  render({ model, el }) {
    const rendering = new Rendering(model, el);
    return () => rendering.close();
  },
};
