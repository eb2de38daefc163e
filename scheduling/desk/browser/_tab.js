// The identity of this tab, on which the active time of a task is counted.

const RESTING = "touchstone.desk.tab";

/** A random UUID; `randomUUID` exists only on https and localhost. */
export function uuid() {
  if (crypto.randomUUID) return crypto.randomUUID();
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

/**
 * The name of this tab, the same after a reload. It rests in sessionStorage only while the page is
 * being left, because a duplicated tab starts with a copy of that storage and is another tab.
 */
export function openTab(storage = window.sessionStorage) {
  const tab = storage.getItem(RESTING) ?? uuid();
  storage.removeItem(RESTING);
  window.addEventListener("pagehide", () => storage.setItem(RESTING, tab));
  window.addEventListener("pageshow", () => storage.removeItem(RESTING));
  return tab;
}
