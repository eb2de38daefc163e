// What this browser remembers of a labeller's desk. One labeller never sees another's.

/** A drawer of localStorage for one user; a full or forbidden storage never stops the work. */
export class Memory {
  constructor(user, storage = window.localStorage) {
    this.prefix = `touchstone.desk.${user}.`;
    this.storage = storage;
  }

  get(name, otherwise = null) {
    try {
      const text = this.storage.getItem(this.prefix + name);
      return text === null ? otherwise : JSON.parse(text);
    } catch {
      return otherwise;
    }
  }

  /** Whether it was kept. */
  set(name, value) {
    try {
      this.storage.setItem(this.prefix + name, JSON.stringify(value));
      return true;
    } catch {
      return false;
    }
  }

  remove(name) {
    try {
      this.storage.removeItem(this.prefix + name);
    } catch {
      // Nothing was kept, so nothing is left behind.
    }
  }

  /** Names that begin with `start`, in order. */
  names(start) {
    const whole = this.prefix + start;
    return Object.keys(this.storage)
      .filter((key) => key.startsWith(whole))
      .map((key) => key.slice(this.prefix.length))
      .sort();
  }

  /** Whether a storage event of another tab is about names that begin with `start`. */
  concerns(event, start) {
    return event.key === null || event.key.startsWith(this.prefix + start);
  }
}
