// Every call the desk makes, and the three ways in which one can fail.

const TIMEOUT = 20_000;

/** No answer, or one that says "later": the same call may succeed soon. */
export class Unreachable extends Error {}

/** Nobody is signed in any more. */
export class SignedOut extends Error {}

/** The server understood and said no; the same call will never succeed. */
export class Refused extends Error {
  constructor(status, body) {
    super(body?.detail || body?.title || `The server answered ${status}.`);
    this.status = status;
    this.body = body ?? {};
  }
}

export class Server {
  /** `api` is the address of the desk's API, `page` that of the desk itself. */
  constructor({ api, page }) {
    this.api = api;
    this.page = page;
    this.meta = document.querySelector("meta[name=csrf-token]");
  }

  next = (body) => this.post("/next", body);
  brief = (token) => this.get(`/${token}/brief`);
  me = () => this.get("/me");
  guideline = (project) => this.get(`/guideline/${project}`);
  read = (body) => this.post("/guideline", body);
  shown = (token, body) => this.post(`/${token}/shown`, body);
  heartbeat = (token, body, options) => this.post(`/${token}/heartbeat`, body, options);
  draft = (token) => this.get(`/${token}/draft`);
  saveDraft = (token, body, options) => this.#write("PUT", `/${token}/draft`, body, options);
  release = (token) => this.post(`/${token}/release`, {}, { keepalive: true });
  get = (path) => this.#call("GET", path);

  post = (path, body, options) => this.#write("POST", path, body, options);

  /** Raises Unreachable, SignedOut or Refused. `keepalive` outlives the page. */
  async #write(method, path, body, options) {
    try {
      return await this.#call(method, path, body, options);
    } catch (problem) {
      if (!(problem instanceof Refused) || problem.status !== 400) throw problem;
      // A sign-in elsewhere changed the form token; with the new one the call is as good as before.
      await this.#renewToken();
      return this.#call(method, path, body, options);
    }
  }

  async #call(method, path, body, { keepalive = false } = {}) {
    const response = await this.#fetch(this.api + path, {
      method,
      keepalive,
      headers: {
        Accept: "application/json",
        ...(body && { "Content-Type": "application/json", "X-CSRFToken": this.meta?.content ?? "" }),
      },
      body: body && JSON.stringify(body),
    });
    const answer = await response.json().catch(() => null);
    if (response.ok && answer) return answer;
    if (response.status === 401) throw new SignedOut();
    if (response.ok || response.status >= 500 || [408, 425, 429].includes(response.status))
      throw new Unreachable(answer?.detail);
    throw new Refused(response.status, answer);
  }

  async #fetch(url, options) {
    const signal = options.keepalive ? undefined : AbortSignal.timeout(TIMEOUT);
    try {
      return await fetch(url, { credentials: "same-origin", cache: "no-store", signal, ...options });
    } catch (error) {
      throw new Unreachable(error.message);
    }
  }

  async #renewToken() {
    const response = await this.#fetch(this.page, { redirect: "manual" });
    if (response.type === "opaqueredirect") throw new SignedOut();
    if (!response.ok) throw new Unreachable();
    const page = new DOMParser().parseFromString(await response.text(), "text/html");
    const fresh = page.querySelector("meta[name=csrf-token]");
    if (!fresh) throw new SignedOut();
    this.meta.content = fresh.content;
  }
}
