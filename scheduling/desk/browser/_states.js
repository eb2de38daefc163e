// The states in which there is no task to show, in words.

const time = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });

export const LOADING = { kind: "loading", title: "Fetching your next task…", quiet: true };

export function empty({ reason, next_free_at: free }, again) {
  return {
    kind: "empty",
    title: "No task for you right now",
    text: reason || "There is nothing open in your projects.",
    more: free
      ? `Something may become free at ${time.format(new Date(free))}. This page keeps looking.`
      : "This page keeps looking; you need not reload it.",
    actions: [{ text: "Look again now", primary: true, run: again }],
  };
}

/** A guideline that is to be read first: `body` is its text, `run` says that it was read. */
export function guideline({ project }, words, body, run) {
  return {
    kind: "guideline",
    title: `Guideline of ${project.name}`,
    text: words,
    body,
    actions: [{ text: "I have read it", cap: "Enter", primary: true, run }],
  };
}

/** A course that is to be done first, on pages of its own. */
export function course({ reason, course: { id } }) {
  return {
    kind: "course",
    title: "A course comes before your first task",
    text: reason,
    more: "It keeps your place: leave and come back as you like. Work opens with its last step.",
    actions: [{ text: "Go to the course", primary: true, href: id ? `/training/${id}` : "/training" }],
  };
}

export function paused(waiting, resume) {
  return {
    kind: "paused",
    title: "You are on a break",
    text: "Time stands still. Your task waits for you.",
    more: waiting ? "Answers that wait for the connection are still being sent." : "",
    actions: [{ text: "Go on", cap: "Enter", primary: true, run: resume }],
  };
}

export function elsewhere(here) {
  return {
    kind: "elsewhere",
    title: "You went on in another tab",
    text: "One tab at a time keeps your times true.",
    actions: [{ text: "Work here", primary: true, run: here }],
  };
}

export function unreachable(waiting, again) {
  return {
    kind: "unreachable",
    title: "No connection",
    text: "The next task cannot be fetched. The desk tries again by itself.",
    more: waiting ? "Your answers are saved in this browser and will be sent." : "",
    actions: [{ text: "Try now", primary: true, run: again }],
  };
}

export function signedOut(href, waiting, again) {
  return {
    kind: "signed-out",
    title: "You have been signed out",
    text: "Sign in again to go on.",
    more: waiting ? "Your answers are saved in this browser and will be sent then." : "",
    actions: [
      { text: "Sign in", primary: true, href },
      { text: "I have signed in elsewhere", run: again },
    ],
  };
}

export function refused(problem, again) {
  return {
    kind: "refused",
    title: "The desk cannot go on",
    text: problem.message,
    actions: [{ text: "Try again", primary: true, run: again }],
  };
}

export function broken(again, skip) {
  return {
    kind: "broken",
    title: "The picture could not be loaded",
    text: "Try once more, or skip the task and say so.",
    actions: [
      { text: "Try again", primary: true, run: again },
      { text: "Skip as broken", run: skip },
    ],
  };
}
