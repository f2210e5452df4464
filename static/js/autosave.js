// Saves a counsellor's draft while it is written:
// <textarea name="text" data-autosave-url="/…" data-autosave-status="#id">; the status line is
// components/save_status.html. Posts the field under its own name with the form's CSRF token.
// A failure is said in words and tried again until it works; leaving the page with unsaved words asks.
// Another form of the page (a note, a claim) waits for the draft, so that the next page has it.

import { announce } from "./announce.js";
import { clock } from "./clock.js";

const PAUSE_MS = 1500;
const RETRY_MS = 3000;
const RETRY_MAX_MS = 30_000;
const OTHERS_WAIT_MS = 4000;

class Autosave {
  constructor(field) {
    this.field = field;
    // Not `value`: something may have been typed before this module was there.
    this.saved = field.defaultValue;
    this.status = document.querySelector(field.dataset.autosaveStatus);
    this.failures = 0;
    this.sending = false;
    this.stopped = false;
    field.addEventListener("input", () => {
      if (this.status) this.status.dataset.state = "waiting";
      this.plan(PAUSE_MS);
    });
    field.form?.addEventListener("submit", () => this.stop());
    if (this.dirty) this.plan(PAUSE_MS);
  }

  get dirty() {
    return !this.stopped && this.field.isConnected && this.field.value !== this.saved;
  }

  plan(delay) {
    this.stopped = false;
    window.clearTimeout(this.timer);
    this.timer = window.setTimeout(() => this.send(), delay);
  }

  stop() {
    // The reply itself is on its way; a late draft must not come back after it.
    this.stopped = true;
    window.clearTimeout(this.timer);
    this.request?.abort();
  }

  show(state, words) {
    if (!this.status || !words) return;
    this.status.dataset.state = state;
    this.status.textContent = words;
  }

  /** Save what is not saved yet, also what was typed while the last piece was on its way. */
  async flush() {
    window.clearTimeout(this.timer);
    await this.running;
    await this.send();
  }

  send() {
    if (this.dirty && !this.sending) this.running = this.post();
    return this.running;
  }

  async post() {
    const text = this.field.value;
    const body = new URLSearchParams({ [this.field.name]: text });
    const token = this.field.form?.elements.csrfmiddlewaretoken?.value ?? "";
    this.sending = true;
    this.request = new AbortController();
    this.show("saving", this.status?.dataset.saving);
    try {
      const answer = await fetch(this.field.dataset.autosaveUrl, {
        method: "POST",
        body,
        headers: { "X-CSRFToken": token, "X-Requested-With": "fetch" },
        credentials: "same-origin",
        redirect: "error", // a redirect is the login page: the draft was not taken
        signal: this.request.signal,
      });
      if (!answer.ok) throw new Error(`draft not taken: ${answer.status}`);
      this.saved = text;
      this.failures = 0;
      const time = clock(new Date());
      this.show("saved", this.status?.dataset.saved?.replace("{time}", time));
      if (this.dirty && this.status) this.status.dataset.state = "waiting";
    } catch {
      if (this.stopped) return;
      this.failures += 1;
      this.show("failed", this.status?.dataset.failed);
      if (this.failures === 1) announce(this.status?.dataset.failed);
    } finally {
      this.sending = false;
    }
    if (this.dirty) this.plan(this.failures ? this.backoff() : PAUSE_MS);
  }

  backoff() {
    return Math.min(RETRY_MAX_MS, RETRY_MS * 2 ** (this.failures - 1));
  }
}

const drafts = new Map();

function attachAll() {
  for (const field of document.querySelectorAll("textarea[data-autosave-url]")) {
    if (!drafts.has(field)) drafts.set(field, new Autosave(field));
  }
  for (const field of drafts.keys()) if (!field.isConnected) drafts.delete(field);
}

attachAll();
document.addEventListener("htmx:afterSettle", attachAll);

// Going to another tab or locking the screen: do not wait for the pause.
document.addEventListener("visibilitychange", () => {
  if (document.visibilityState === "hidden") for (const draft of drafts.values()) draft.send();
});

const waited = new WeakSet();

document.addEventListener(
  "submit",
  async (event) => {
    const form = event.target;
    const late = [...drafts.values()].filter((draft) => draft.dirty && draft.field.form !== form);
    if (late.length === 0 || waited.has(form)) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    waited.add(form); // once: a server that does not answer must not hold it for good
    const limit = new Promise((done) => window.setTimeout(done, OTHERS_WAIT_MS));
    await Promise.race([Promise.all(late.map((draft) => draft.flush())), limit]);
    form.requestSubmit(event.submitter);
    waited.delete(form);
  },
  { capture: true },
);

window.addEventListener("beforeunload", (event) => {
  for (const draft of drafts.values()) {
    if (draft.dirty) event.preventDefault();
  }
});
