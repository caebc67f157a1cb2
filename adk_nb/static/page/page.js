/** The page that bridge and Jupyter server serve: one view of a conversation, in the user's own browser. */
import { View } from "../screen/view.js";
import { admission, reopens, wording } from "./admission.js";

const worklets = {
  recorder: new URL("../sound/recorder-processor.js", import.meta.url).href,
  player: new URL("../sound/player-processor.js", import.meta.url).href,
};

const root = document.createElement("div");
root.className = "adk-nb";
root.tabIndex = 0;
document.querySelector("main")?.append(root);
addEventListener("hashchange", () => location.reload()); // another link was pasted into this tab
try {
  /** @type {import("../link/connection.js").Address | null} */
  let known = await admission();
  const address = async () => (known ??= await admission());
  const renew = () => {
    known = null;
  };
  new View({ root, address, worklets, names: { agent: "", model: "" }, wording, ...(reopens ? { renew } : {}) });
} catch (error) {
  const { message = String(error), remedy = "" } = /** @type {Partial<import("../link/wire.js").Failure>} */ (error);
  const said = document.createElement("p");
  said.dataset.adkNb = "error";
  said.setAttribute("role", "alert");
  said.textContent = `${message} ${remedy}`;
  root.replaceChildren(said);
}
