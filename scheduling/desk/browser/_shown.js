// A piece of work as the editor shows it, and as it is said to those who listen.

import { STAGES, saidBefore } from "./_verdict.js";

/** What the editor is to show of `item`: `drafted` is what a draft holds, `above` from how sure on all drafts are taken. */
export function toShow({ work, brief, image }, drafted, above) {
  const { medium, text, pair, stage, current, earlier, answers: counts, candidates, proposal, others, pins: remarks } = work;
  // What is being drawn, and what is named wrong, are no part of the label.
  const { begun = null, back: _, ...kept } = drafted;
  const value = Object.keys(kept).length ? kept : null;
  return { medium, text, pair, image, brief, value, begun, current, earlier, counts, candidates, stage, proposal, above, others, remarks };
}

/** {title, text} of `item`: its stage, project, and all that can be read on the screen. */
export function spoken({ work, brief }) {
  const what = work.medium === "image" ? "picture" : "text";
  const stage = STAGES[work.stage] ? `${STAGES[work.stage]}: ` : "";
  const current = work.current?.class ? ` Current label: ${work.nameOf(work.current)}.` : "";
  const drafted = work.proposal ? " A model's draft is there." : "";
  const said = saidBefore(work);
  const lines = said?.lines.map(({ who, what, remark }) => `${who} ${what}: ${remark}.`) ?? [];
  const more = [current, drafted, said && ` ${said.title}.`, ...lines].filter(Boolean).join(" ");
  const pair = work.pair ? ` A: ${work.pair.a} B: ${work.pair.b}` : "";
  const text = (work.medium === "text" ? ` ${work.text}` : "") + pair;
  return { title: `${stage}${brief.project.name}`, text: `${stage}next ${what}, ${brief.project.name}.${more}${text}` };
}
