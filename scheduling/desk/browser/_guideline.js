// The guideline: beside the work whenever it is wanted; over it where it must be read first.

import { h } from "../../../ops/web/editor/editor.js";
import { $, tell, write } from "./_screen.js";
import * as states from "./_states.js";

// As close to the end, in px, as a fraction of a scroll can leave it.
const NEAR = 4;

// Rendered by the server from markdown in which markup stays text.
function prose(html) {
  const element = h("div", {});
  element.innerHTML = html;
  return element;
}

export class Guideline {
  constructor({ server }) {
    this.server = server;
    // By project: the newest version that its labeller said they have read.
    this.read = new Map();
    this.brief = null;
  }

  /** The guideline of a brief, in its panel; a dot while there is a version to be read. */
  show({ project, guideline }) {
    const known = this.brief;
    if (known?.project.id === project.id && known.guideline.version === guideline.version) return;
    this.brief = { project, guideline };
    write("guideline-title", `Guideline of ${project.name}`);
    write("purpose", project.purpose && `What the data is for: ${project.purpose}`);
    if (guideline.version) $("guideline-text").replaceChildren(prose(guideline.html));
    else $("guideline-text").replaceChildren(h("p", {}, "This project has no guideline yet."));
    this.#mark();
  }

  /** The panel was opened: of what is new, say what changed, and offer to say that it was read. */
  async opened() {
    const { brief } = this;
    if (!brief || !this.#unread()) return;
    try {
      const now = await this.server.guideline(brief.project.id);
      if (this.brief !== brief) return;
      if (now.changes) $("guideline-text").replaceChildren(prose(now.changes));
      const read = h("button", { class: "btn btn-sm", type: "button" }, "I have read it");
      read.addEventListener("click", () => this.say(now).catch((problem) => tell(problem.message)));
      $("guideline-new").replaceChildren(h("p", { class: "desk-quiet" }, since(now)), read);
      $("guideline-new").hidden = false;
    } catch (problem) {
      // What the brief brought stays.
      tell(problem.message);
    }
  }

  /** The state that asks for reading `now`, as the server tells it; `then()` when it was read. */
  ask(now, then, fail) {
    const text = h("div", { class: "desk-prose desk-to-read", tabindex: "0", role: "region" });
    text.setAttribute("aria-label", `Guideline of ${now.project.name}`);
    text.replaceChildren(prose(now.changes ?? now.html));
    let reached = false;
    const look = () => {
      reached ||= text.scrollTop + text.clientHeight >= text.scrollHeight - NEAR;
      $("state-actions").classList.toggle("is-early", !reached);
      write("state-more", reached ? "" : "Scroll to the end: the space bar does it page by page.");
      return reached;
    };
    const run = () => {
      if (look()) this.say(now).then(then, fail);
      else tell("Read it to the end first.");
    };
    text.addEventListener("scroll", look, { passive: true });
    return { state: states.guideline(now, `${since(now)} Your next task comes after it.`, text, run), text, look };
  }

  /** Tell the server that this version was read. */
  async say({ project, version }) {
    const { read } = await this.server.read({ project: project.id, version });
    this.read.set(project.id, read);
    this.#mark();
  }

  #unread() {
    const { project, guideline } = this.brief;
    return guideline.version > Math.max(guideline.read, this.read.get(project.id) ?? 0);
  }

  #mark() {
    const unread = Boolean(this.brief) && this.#unread();
    $("new").hidden = !unread;
    $("guideline-new").hidden = true;
  }
}

function since({ version, changes, compared_with: known }) {
  return changes ? `Version ${version}: what changed since version ${known} is marked.` : `Version ${version}.`;
}
