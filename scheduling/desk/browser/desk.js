// The desk: puts its parts together and connects them to the page.

import { createEditor, h, isTyping } from "../../../ops/web/editor/editor.js";
import { RESERVED, capOf, commandOf, keyTable } from "./_commands.js";
import { Conflict } from "./_conflict.js";
import { Drafts } from "./_drafts.js";
import { ErrorsForm } from "./_errors_form.js";
import { Guideline } from "./_guideline.js";
import { Memory } from "./_memory.js";
import { Outbox } from "./_outbox.js";
import * as panels from "./_panels.js";
import { Presence } from "./_presence.js";
import { Progress } from "./_progress.js";
import * as screen from "./_screen.js";
import { Server } from "./_server.js";
import { Supply } from "./_supply.js";
import { openTab } from "./_tab.js";
import { Talk } from "./_talk.js";
import { STAGES, remarkHint, saidBefore, submitWords } from "./_verdict.js";
import { Workbench } from "./_workbench.js";

// The API takes no more; whoever has that many waiting is long without a connection.
const MOST_NAMED = 50;

const { $ } = screen;
const root = document.getElementById("desk");
const memory = new Memory(root.dataset.user);
const server = new Server(root.dataset);
const tab = openTab();
// Tabs of one labeller tell each other what they show and what they answered.
const tabs = new BroadcastChannel(memory.prefix);

const editor = createEditor($("work"), {
  reserved: RESERVED,
  footer: $("act"),
  onChange: (value) => bench.chosen(value),
  onSubmit: () => bench.submit(),
  onBegun: () => bench.item && bench.begun(),
  onAbove: (above) => bench.item && memory.set(`above.${bench.item.brief.project.id}`, above),
});

const outbox = new Outbox({
  memory,
  server,
  onChange(state) {
    bench.waiting = state.signedOut || !state.sending ? state.waiting : 0;
    screen.saved(state);
  },
  onAccepted: () => screen.tell("Accepted."),
  onRefused: tellRefused,
});

const supply = new Supply({
  server,
  tab,
  exclude: () => [bench.item?.work.token, ...outbox.tokens].filter(Boolean).slice(0, MOST_NAMED),
  settled: () => outbox.settled(),
});

const presence = new Presence({
  server,
  memory,
  tab,
  onOwner: (mine) => bench.owner(mine),
  onBarred: (reason) => bench.barred(reason),
  onMoved: () => bench.moved(),
  onCounting: screen.counting,
});

const conflict = new Conflict({
  put: (draft) => bench.put(draft),
  changed: (draft) => drafts.change(draft),
  back: () => editor.focus(),
});
const drafts = new Drafts({
  memory,
  server,
  tab,
  onState: screen.draft,
  onConflict: (theirs) => conflict.ask(drafts, theirs),
});

const errors = new ErrorsForm({ root: $("errors"), editor, stage: $("work"), announce: screen.tell, onNamed: () => bench.begun() });
const guideline = new Guideline({ server });
const progress = new Progress({ server, onProjects: showProjects });
const bench = new Workbench({
  editor, errors, server, supply, outbox, presence, drafts, memory, progress, guideline, tab,
  signIn: root.dataset.signIn,
  onBrief: showBrief,
  onValue: showValue,
  onLacking: tellLacking,
  onShown: (token) => tabs.postMessage({ shown: token }),
  onSent: (token) => tabs.postMessage({ answered: token }),
});

const back = () => editor.focus();
const talk = new Talk({ server, editor, work: () => bench.item?.work ?? null, back });
const COMMANDS = {
  submit: () => bench.submit(),
  skip: askToSkip,
  guideline() {
    panels.toggle("guideline", back);
    guideline.opened();
  },
  progress() {
    panels.toggle("progress", back);
    progress.refresh();
  },
  ask: () => talk.toggle(),
  remark: () => $("remark-row").hidden || $("remark").focus(),
  "send-back": askToSendBack,
  keep() {
    bench.sendBack(false);
    back();
  },
  pause: () => bench.pause(),
  toggle() {
    $("at-once").checked = !$("at-once").checked;
    setAtOnce();
  },
  help() {
    const { brief, work } = bench.item ?? {};
    panels.help(keyTable(editor.keys, work?.medium, editor.help()), brief?.idle_seconds ?? 60);
  },
};

function tellRefused({ kind }, problem) {
  const what = kind === "skip" ? "Your skip" : "Your answer";
  const why = problem.status === 409 ? "was not taken, and nothing was overwritten" : "was refused";
  const close = { text: "Understood", run: () => screen.notice(null) };
  screen.notice({ text: `${what} ${why}: ${problem.message}`, actions: [close] });
}

function showBrief({ work, brief }) {
  screen.write("project", brief.project.name);
  const stage = STAGES[work.stage];
  $("stage").hidden = !stage;
  screen.write("stage", stage ?? "");
  $("remark-row").hidden = !stage;
  guideline.show(brief);
  talk.show(work);
  screen.said(saidBefore(work));
  errors.begin(work, brief);
  showValue(null, work);
  // The editor learns its classes right after this; the caps follow then.
  queueMicrotask(showCaps);
}

function showCaps() {
  for (const button of root.querySelectorAll("[data-do]")) {
    const cap = button.querySelector("kbd");
    if (cap && cap.id !== "desk-submit-cap" && cap.textContent !== "Esc") cap.textContent = capOf(button.dataset.do, editor.keys);
  }
  $("submit-cap").textContent = editor.submitCap;
  $("at-once").closest("label").hidden = !editor.atOnce;
  for (const cap of root.querySelectorAll("[data-cap]"))
    cap.textContent = capOf(cap.dataset.cap, editor.keys);
}

function showValue(value, work = bench.item.work) {
  $("submit-cap").textContent = editor.submitCap;
  screen.write("submit-text", submitWords(work, value, bench.back));
  $("remark").placeholder = remarkHint(work, value, bench.back);
  $("remark-row").classList.remove("is-lacking");
  $("act").classList.toggle("is-back", bench.back);
  $("send-back").hidden = !work.may_send_back || bench.back;
  $("keep").hidden = !bench.back;
  screen.lacking("");
  $("act").classList.toggle("is-ready", Boolean(value || work.current));
}

function tellLacking({ text, remark, focus }) {
  screen.tell(text);
  screen.lacking(text);
  focus?.();
  if (!remark) return;
  $("remark-row").classList.add("is-lacking");
  $("remark").focus();
}

function askToSendBack() {
  bench.sendBack(true);
  // Digits say what is wrong; the keys that choose an object go on working.
  if (bench.back) editor.focus();
}

function showProjects(projects) {
  const field = $("projects");
  field.hidden = projects.length < 2;
  const options = projects.map(({ id, name }) => h("option", { value: String(id) }, name));
  field.replaceChildren(h("option", {}, "All my projects"), ...options);
  field.options[0].value = "";
  field.value = String(supply.project ?? "");
  if (field.selectedIndex < 0) field.value = "";
}

function setAtOnce() {
  const on = $("at-once").checked;
  memory.set("at-once", on);
  screen.tell(on ? "An answer is now submitted as you choose it." : "Enter submits.");
}

async function askToSkip() {
  const { item } = bench;
  if (!item || bench.paused) return;
  const answer = await panels.askReason(item.brief.skip_reasons);
  if (answer && bench.item === item) bench.skip(answer);
  else editor.focus();
}

function pressed(event) {
  if (event.defaultPrevented || event.isComposing || event.altKey) return;
  if (document.querySelector("dialog[open]")) return;
  if (event.key === "F6" && screen.toNotice()) return event.preventDefault();
  if (event.ctrlKey || event.metaKey) {
    if ($("state").hidden && editor.press(event)) event.preventDefault();
    return;
  }
  if (event.key === "Escape") {
    // Out of the remark first, to choose another object; then out of sending it back.
    if (!isTyping(event) || !bench.back) bench.sendBack(false);
    if (isTyping(event)) return bench.back ? editor.focus() : event.target.blur();
    return void (panels.close(back) || ($("state").hidden && editor.press(event)));
  }
  if (isTyping(event)) {
    if (event.key === "Enter" && event.target.closest("#desk-remark, #desk-errors")) bench.submit();
    return;
  }
  if ($("state").hidden && (errors.press(event) || editor.press(event))) return event.preventDefault();
  const name = commandOf(event, editor.keys);
  if (!name || event.repeat) return;
  if (name === "submit") return pressPrimary(event);
  event.preventDefault();
  COMMANDS[name]();
}

// Enter under a state is its main button, unless another one has the focus.
function pressPrimary(event) {
  if (event.target.closest("button, a, summary")) return;
  event.preventDefault();
  if (!$("state").hidden) $("state-actions").querySelector(".btn-primary")?.click();
}

function connect() {
  document.addEventListener("keydown", pressed);
  root.addEventListener("click", (event) => {
    const button = event.target.closest("[data-do]");
    if (button) COMMANDS[button.dataset.do]();
  });
  $("at-once").checked = memory.get("at-once", false);
  $("at-once").addEventListener("change", setAtOnce);
  $("remark").addEventListener("input", () => drafts.change({ remark: $("remark").value }));
  $("projects").addEventListener("change", chooseProject);
  $("hint").hidden = memory.get("hint", false);
  $("hint-close").addEventListener("click", () => {
    memory.set("hint", true);
    $("hint").hidden = true;
    editor.focus();
  });
  tabs.addEventListener("message", ({ data }) => {
    if (data.shown) bench.shownElsewhere(data.shown);
    else bench.answeredElsewhere(data.answered);
  });
  window.addEventListener("online", () => !bench.item && !bench.paused && bench.lookAgain());
  // What was fetched ahead goes back; what is on the screen stays this labeller's.
  window.addEventListener("pagehide", () => supply.release());
  window.addEventListener("pageshow", (event) => event.persisted && bench.item && supply.prefetch());
}

function chooseProject() {
  supply.release();
  supply.project = Number($("projects").value) || null;
  memory.set("project", supply.project);
  $("projects").blur();
  // The task on the screen is finished first; then come those of the chosen project.
  if (bench.item) supply.prefetch();
  else bench.lookAgain();
}

// Drafts first: what could not be sent then is part of what is fetched now. Not for long.
async function begin() {
  const waited = new Promise((resolve) => setTimeout(resolve, 3000));
  await Promise.race([drafts.sendLeft(), waited]).catch(() => {});
  bench.next();
}

connect();
supply.project = memory.get("project");
outbox.flush();
progress.refresh();
talk.begin();
begin();
