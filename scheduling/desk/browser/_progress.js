// My day, my standing, my certificates. Own figures only: nobody is ranked.

import { h } from "../../../ops/web/editor/editor.js";
import { $, write } from "./_screen.js";

const SOON = 30 * 24 * 3600 * 1000;
const UNKNOWN = "not enough checked answers yet";
const date = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short", year: "numeric" });

const percent = (value) => `${(100 * value).toFixed(1)} %`;
const isKnown = (standing) => standing.mean !== null && standing.n > 0;

/** A duration as people say it. */
export function seconds(value) {
  if (value === null || value === undefined) return "–";
  if (value < 90) return `${value.toFixed(1)} s`;
  return value < 5400 ? `${Math.round(value / 60)} min` : `${(value / 3600).toFixed(1)} h`;
}

const spread = ({ low, high }) => `${percent(low)} to ${percent(high)}`;
const runsOut = ({ valid_until: until }) => new Date(until) - Date.now() < SOON;

function standingWords(row) {
  const asOf = date.format(new Date(row.as_of));
  return `${percent(row.mean)} (${spread(row)}, ${row.n} checked answers, as of ${asOf})`;
}

export class Progress {
  constructor({ server, onProjects }) {
    Object.assign(this, { server, onProjects });
    this.mine = null;
    this.since = 0;
  }

  /** Ask the server; a failure leaves what is shown. */
  async refresh() {
    try {
      this.mine = await this.server.me();
    } catch {
      return;
    }
    this.since = 0;
    this.#show();
    this.onProjects(this.mine.projects);
  }

  /** One more submitted; the figures follow when the server has counted. */
  count() {
    this.since += 1;
    this.#showToday();
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.refresh(), this.since >= 10 ? 0 : 5000);
  }

  #showToday() {
    if (this.mine) write("today", String(this.mine.today.submitted + this.since));
  }

  #show() {
    const { today, standing, certificates, feedback } = this.mine;
    this.#showToday();
    write("median", seconds(today.median_seconds));
    const known = standing.find(isKnown);
    $("soon").hidden = !certificates.some(runsOut);
    this.#showStanding(known);
    $("progress-text").replaceChildren(
      this.#today(today),
      h("h3", {}, "Standing"),
      this.#standing(standing),
      h("h3", {}, "Certificates"),
      this.#certificates(certificates),
      h("h3", {}, "Feedback"),
      this.#feedback(feedback),
    );
  }

  #showStanding(known) {
    const name = known ? `${known.skill}, as of ${date.format(new Date(known.as_of))}` : "Standing";
    write("standing-skill", name);
    const small = known ? ` ${spread(known)}, n = ${known.n}` : UNKNOWN;
    $("standing").replaceChildren(known ? percent(known.mean) : "", h("small", {}, small));
  }

  #today({ submitted, skipped, active_seconds: active, median_seconds: median }) {
    const rows = [
      ["Submitted today", submitted],
      ["Skipped today", skipped],
      ["Active time today", seconds(active)],
      ["Median time per task", seconds(median)],
    ];
    return h(
      "dl",
      { class: "desk-list" },
      ...rows.flatMap(([name, value]) => [h("dt", {}, name), h("dd", {}, String(value))]),
    );
  }

  #standing(rows) {
    const text = (row) => (isKnown(row) ? standingWords(row) : UNKNOWN);
    const items = rows.flatMap((row) => [h("dt", {}, row.skill), h("dd", {}, text(row))]);
    const words = "How often answers that could be checked were right. It changes once a day.";
    if (!items.length) return h("p", { class: "desk-quiet" }, `There are ${UNKNOWN}. ${words}`);
    return h(
      "div",
      {},
      h("dl", { class: "desk-list is-stacked" }, ...items),
      h("p", { class: "desk-quiet" }, words),
    );
  }

  #certificates(rows) {
    if (!rows.length) return h("p", { class: "desk-quiet" }, "None yet.");
    const items = rows.flatMap((row) => {
      const soon = runsOut(row);
      const words = `level ${row.level}, until ${date.format(new Date(row.valid_until))}`;
      return [
        h("dt", {}, row.skill),
        h("dd", { class: soon ? "desk-soon" : "" }, soon ? `${words}: runs out soon` : words),
      ];
    });
    return h("dl", { class: "desk-list is-stacked" }, ...items);
  }

  /** Answers that a check decided otherwise: the picture or text, what I said, what it is. */
  #feedback(rows) {
    const words = "Answers that were checked and decided otherwise appear here the day after.";
    if (!rows.length) return h("p", { class: "desk-quiet" }, `Nothing to look at. ${words}`);
    const items = rows.map((row) =>
      h(
        "li",
        {},
        row.image
          ? h("img", { src: row.image, alt: "", loading: "lazy", width: "56", height: "56" })
          : h("q", {}, row.text),
        h("span", {}, "You said ", h("b", {}, row.given), ", it is ", h("b", {}, row.decided)),
        h("small", {}, date.format(new Date(row.answered_at))),
      ),
    );
    return h("ul", { class: "desk-feedback" }, ...items);
  }
}
