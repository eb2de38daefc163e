// The next task before it is asked for: leased, its brief known, its picture decoded.

import { withLabels } from "./_candidates.js";
import { Refused } from "./_server.js";

// Older, in ms, it may have been lost to its time limit: then the server is asked again.
const FRESH = 10 * 60 * 1000;

export class Supply {
  /** `exclude()` gives the tokens that the browser has and does not want again. */
  constructor({ server, tab, exclude, settled }) {
    Object.assign(this, { server, tab, exclude, settled });
    this.project = null;
    this.briefs = new Map();
    this.stock = null;
    this.coming = null;
  }

  /** The prefetched task, at once, or null. */
  ready() {
    const item = this.stock;
    this.stock = null;
    return item && performance.now() - item.since < FRESH ? item : null;
  }

  /** The next task: {work, brief, image, broken} or {empty: {reason, next_free_at}}. */
  async take() {
    if (this.coming) await this.coming;
    return this.ready() ?? (await this.#fetch());
  }

  /** Fetch one task ahead, after the answers on their way have freed their leases. */
  prefetch() {
    if (this.stock || this.coming) return;
    const project = this.project;
    this.coming = this.#fetch()
      .then((item) => {
        if (!item.work) return;
        if (project === this.project) this.stock = item;
        else this.#giveBack(item);
      })
      // Whatever went wrong is met again, and told, when the task is needed.
      .catch(() => {})
      .finally(() => {
        this.coming = null;
      });
  }

  /** Give back what was prefetched and never shown. */
  release() {
    const item = this.ready();
    if (item) this.#giveBack(item);
  }

  /** Another tab has it: it is not this one's to show or to give back. */
  forget(token) {
    if (this.stock?.work.token === token) this.stock = null;
  }

  /** Load the picture of an item once more. */
  async reload(item) {
    return { ...item, ...(await this.#image(item.work)) };
  }

  #giveBack({ work }) {
    this.server.release(work.token).catch(() => {});
  }

  async #fetch() {
    await this.settled();
    const { project, tab } = this;
    const answer = await this.server.next({ project, tab, exclude: this.exclude() });
    if (!answer.work) return { empty: answer.empty ?? { reason: "", next_free_at: null } };
    const { work } = answer;
    const [brief, image] = await Promise.all([this.#brief(work), this.#image(work)]);
    return { work: withLabels(work, brief), brief, ...image, since: performance.now() };
  }

  async #brief(work) {
    if (!this.briefs.has(work.brief)) this.briefs.set(work.brief, this.server.brief(work.token));
    try {
      return await this.briefs.get(work.brief);
    } catch (problem) {
      this.briefs.delete(work.brief);
      throw problem;
    }
  }

  async #image({ medium, image }) {
    if (medium !== "image") return {};
    const img = new Image();
    img.src = image;
    try {
      await img.decode();
      return { image: img, broken: false };
    } catch {
      return { image: null, broken: true };
    }
  }
}

/** Whether a refusal means that the lease is lost, or that its labeller may not begin with it now. */
export const isGone = (problem) => problem instanceof Refused && [403, 404, 409].includes(problem.status);
