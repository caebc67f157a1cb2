/** The line at the top: who answers, in what state it is, and which way the page is connected. */
import { transportTitle } from "./status.js";

export class Header {
  /**
   * @param {import("./layout.js").Layout["head"]} head
   * @param {import("./wording.js").Wording["ways"]} ways in words
   * @param {import("../link/connection.js").Connection} connection
   */
  constructor(head, ways, connection) {
    this.head = head;
    this.ways = ways;
    this.connection = connection;
    head.transport.onpointerenter = () => this.showTransport();
  }

  /** @param {import("./agent-state.js").AgentState} agent */
  name({ name, model, working }) {
    const { head } = this;
    head.agent.textContent = name;
    head.model.textContent = model;
    head.agent.title = working.length ? `Tools: ${working.join(", ")}` : "";
  }

  /** Another agent answers: that is seen for a moment. */
  swapped() {
    const { row } = this.head;
    row.classList.remove("adk-nb-swapped");
    void row.offsetWidth; // or the animation would not start again
    row.classList.add("adk-nb-swapped");
  }

  /** @param {import("./status.js").State} state @param {string} label */
  show(state, label) {
    const { head } = this;
    head.status.dataset.state = state;
    if (head.state.textContent !== label) head.state.textContent = head.state.title = label;
    this.showTransport();
  }

  /** Which way is taken; the last one stays while it comes back. */
  showTransport() {
    const { transport, status } = this.head;
    const { transport: name, roundTrip } = this.connection;
    if (!name) return;
    status.dataset.transport = name;
    if (transport.textContent !== name) transport.textContent = name;
    transport.title = transportTitle(this.ways[name], roundTrip);
  }
}
