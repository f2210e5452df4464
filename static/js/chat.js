// Live chat: one Room for each [data-chat] on the page, the client's or a counsellor's.
// docs/protocol.md is the wire; without this module the same page works by its forms and reload.
// Events on the box for other modules: `lotse:chat-entry` (a new entry of the other side),
// `lotse:chat-state`, `lotse:chat-seen`.

import { call, takeTurn } from "./chat-call.js";
import { showDanger } from "./chat-danger.js";
import { drawn } from "./chat-entry.js";
import { Unsent } from "./chat-unsent.js";
import { clock } from "./clock.js";
import { linksApart } from "./links-apart.js";
import { uuid } from "./uuid.js";

const VERSION = 1;
const RETRY_MIN_MS = 500;
const RETRY_MAX_MS = 15_000;
const POLL_MS = 3000;
const SOCKET_AGAIN_MS = 30_000;
const FAILURES_BEFORE_POLLING = 2;
const WELCOME_MS = 10_000;
const TYPING_EVERY_MS = 2000;
const TYPING_SHOWN_MS = 4000;
const SILENT_MS = 45_000;
const PING_MS = 20_000;
const OPEN = new Set(["waiting", "active", "interrupted"]);
const FINAL = new Set([4400, 4404, 4413, 4426]);


class Room {
  constructor(box) {
    this.box = box;
    this.side = box.dataset.chat;
    this.words = box.dataset;
    this.log = box.querySelector("[data-chat-log]");
    this.list = this.log.querySelector("ol");
    this.form = box.querySelector("[data-chat-form]");
    this.field = this.form?.querySelector("textarea");
    this.newest = Number(box.dataset.chatNewest);
    this.state = box.dataset.chatState;
    this.silent = "chatSilent" in box.dataset; // reads along: asks over HTTP and says nothing at all
    this.pending = new Map();
    this.unsent = new Unsent(box.dataset.chatName);
    this.failures = 0;
    this.tries = 0;
    this.left = false;
    const address = new URL(box.dataset.chatSocket, window.location.href);
    address.protocol = address.protocol === "https:" ? "wss:" : "ws:";
    this.address = address.href;
    this.form?.addEventListener("submit", (event) => this.submit(event));
    this.field?.addEventListener("input", () => this.typing());
    this.field?.addEventListener("keydown", (event) => this.key(event));
    for (const happening of ["focusin", "pointerdown"]) {
      box.addEventListener(happening, () => this.look());
    }
    document.addEventListener("visibilitychange", () => this.look());
    window.addEventListener("pagehide", () => this.leave());
    window.addEventListener("pageshow", (event) => event.persisted && window.location.reload());
    window.addEventListener("lotse:leaving", () => this.leave());
    window.addEventListener("online", () => this.again(0));
    this.stayForm = box.querySelector("[data-chat-stay]");
    this.stayForm?.addEventListener("submit", (event) => {
      event.preventDefault();
      this.stay();
      this.field?.focus();
    });
    linksApart(this.log);
    this.recall();
    this.toEnd();
    if (this.silent) this.startPolling();
    else this.open();
  }

  // --- The wire ---------------------------------------------------------------------------------
  open() {
    if (this.left) return;
    for (const timer of [this.retry, this.opening]) window.clearTimeout(timer);
    this.socket?.close(); // one that is still on its way must not say a second hello
    const socket = new WebSocket(this.address);
    this.socket = socket;
    // Some networks swallow a socket without a word.
    this.opening = window.setTimeout(() => this.welcomed || this.drop(), WELCOME_MS);
    this.welcomed = false;
    socket.addEventListener("open", () => socket === this.socket && this.hello());
    socket.addEventListener("message", (event) => socket === this.socket && this.receive(event.data));
    socket.addEventListener("close", (event) => socket === this.socket && this.closed(event.code));
  }

  hello() {
    this.put({ type: "hello", v: VERSION, after: this.newest, lang: this.words.chatLang });
    window.clearInterval(this.pings);
    this.heard = Date.now();
    this.pings = window.setInterval(() => this.ping(), PING_MS);
  }

  // A connection may be dead without a word: whoever hears nothing opens another.
  ping() {
    if (Date.now() - this.heard > SILENT_MS) this.drop();
    else this.put({ type: "ping" });
  }

  // Its own end may take minutes to come, over a line that is dead.
  drop() {
    const socket = this.socket;
    this.socket = undefined;
    socket?.close();
    this.closed();
    this.startPolling();
  }

  put(frame) {
    if (this.socket?.readyState === WebSocket.OPEN) this.socket.send(JSON.stringify(frame));
  }

  receive(data) {
    this.heard = Date.now();
    this.take(JSON.parse(data));
  }

  closed(code) {
    window.clearInterval(this.pings);
    window.clearTimeout(this.opening);
    if (this.left) return;
    // The page itself says what there still is to see.
    if (code === 4401) return this.reload();
    if (FINAL.has(code)) return this.over();
    if (!this.polling) this.missing(); // else the next turn tells
    this.failures = this.welcomed ? 0 : this.failures + 1;
    this.welcomed = false;
    if (this.failures >= FAILURES_BEFORE_POLLING) this.startPolling();
    this.again();
  }

  again(after) {
    if (this.left || this.silent || this.socket?.readyState === WebSocket.OPEN) return;
    const wait = this.polling
      ? SOCKET_AGAIN_MS
      : Math.min(RETRY_MAX_MS, RETRY_MIN_MS * 2 ** this.tries);
    this.tries += 1;
    window.clearTimeout(this.retry);
    // Half of the wait is chance: after a restart not everybody comes back in the same moment.
    this.retry = window.setTimeout(() => this.open(), after ?? wait / 2 + (Math.random() * wait) / 2);
  }

  missing() {
    this.box.dataset.chatConnection = "lost";
    this.lost ??= window.setTimeout(() => this.line(this.words.chatLost), 1500);
  }

  connected(how) {
    this.tries = 0;
    window.clearTimeout(this.lost);
    this.lost = undefined;
    this.line("");
    this.box.dataset.chatConnection = how;
  }

  startPolling() {
    if (this.polling) return;
    this.polling = window.setInterval(() => this.poll(), POLL_MS);
    this.poll();
  }

  stopPolling() {
    window.clearInterval(this.polling);
    this.polling = undefined;
  }

  async poll() {
    if (this.asking) return;
    this.asking = true;
    const frames = [...this.pending.values()].slice(0, 10).map((one) => one.frame);
    try {
      const answer = await fetch(this.words.chatPoll, {
        method: "POST",
        redirect: "manual",
        signal: AbortSignal.timeout(WELCOME_MS),
        headers: {
          "Content-Type": "application/json",
          "X-Conversation": this.words.chatConversation ?? "",
          "X-CSRFToken": this.form.querySelector("[name=csrfmiddlewaretoken]").value,
        },
        body: JSON.stringify({ v: VERSION, after: this.newest, lang: this.words.chatLang, frames }),
      });
      if (answer.status === 401 || answer.type === "opaqueredirect") return this.reload();
      if (answer.status === 404) return this.over();
      if (!answer.ok) throw new Error(`not taken: ${answer.status}`);
      const found = await answer.json();
      if (this.polling) this.connected("polling");
      for (const frame of found.frames) this.take(frame);
    } catch {
      if (this.polling) this.missing(); // the next turn tries again
    } finally {
      this.asking = false;
    }
  }

  // --- What comes ---------------------------------------------------------------------------------
  take(frame) {
    this[`on_${frame.type}`]?.(frame);
  }

  on_welcome() {
    if (this.socket?.readyState === WebSocket.OPEN) {
      this.welcomed = true;
      this.failures = 0;
      this.stopPolling();
      this.connected("open");
      for (const one of this.pending.values()) this.put(one.frame);
    }
  }

  on_message(frame) {
    if (frame.seq <= this.newest) return;
    this.newest = frame.seq;
    this.put({ type: "got", seq: frame.seq });
    const mine = this.settle(frame.id);
    const atEnd = this.isAtEnd();
    const entry = drawn(frame.from, frame);
    entry.querySelector("[data-chat-sending]")?.remove();
    this.list.append(entry);
    const foreign = frame.from === (this.side === "client" ? "reply" : "client");
    if (atEnd || mine) this.toEnd();
    if (foreign) this.box.dispatchEvent(new CustomEvent("lotse:chat-entry", { bubbles: true }));
    if (foreign || frame.from === "system") this.typingLine("");
    this.look();
  }

  on_ack(frame) {
    // It stands in the log already, under its number.
    if (frame.seq <= this.newest) this.settle(frame.id);
  }

  on_refused(frame) {
    const one = this.pending.get(frame.id);
    if (!one) return;
    if (frame.error === "too_fast" || frame.error === "try_again") {
      window.setTimeout(() => this.put(one.frame), 2000);
      return;
    }
    this.backToField([one]);
    const words = frame.error === "too_long" ? this.words.chatTooLong : this.words.chatRefused;
    this.line(words);
  }

  on_state(frame) {
    const before = this.state;
    this.state = frame.state;
    this.quiet(frame.ends);
    showDanger(frame.danger);
    if (frame.position === 1 && this.position > 1) call(this.words.chatNext);
    this.position = frame.position;
    const standing = this.box.querySelector("[data-chat-standing]");
    if (standing && frame.title) {
      const title = standing.querySelector("[data-chat-title]");
      const words = standing.querySelector("[data-chat-words]");
      if (title.textContent !== frame.title) title.textContent = frame.title;
      if (words.textContent !== frame.text) words.textContent = frame.text;
      standing.className = `notice notice--${frame.kind}`;
    }
    if (!OPEN.has(frame.state) || (frame.yours === false && !this.silent)) {
      // It may come to this desk once more, as a panel of its own (chat-desk.js).
      this.box.querySelector("[data-chat-shown]")?.remove();
      return this.done();
    }
    if (before === "waiting" && frame.state === "active") takeTurn(this.words.chatTurn);
    this.box.dataset.chatState = frame.state;
    this.box.dispatchEvent(new CustomEvent("lotse:chat-state", { bubbles: true, detail: frame }));
    return undefined;
  }

  on_typing() {
    this.typingLine(this.words.chatTyping);
    window.clearTimeout(this.typingTimer);
    this.typingTimer = window.setTimeout(() => this.typingLine(""), TYPING_SHOWN_MS);
  }

  on_presence(frame) {
    const place = this.box.querySelector("[data-chat-presence]");
    if (place) place.textContent = frame.there ? this.words.chatHere : this.words.chatAway;
  }

  // --- What goes ---------------------------------------------------------------------------------
  submit(event) {
    if (this.left) return; // the chat is over: the form itself brings the text into the conversation
    event.preventDefault();
    const text = this.field.value.trim();
    // Counted like the server does, in code points; it closes on a frame that is too large.
    const tooLong = [...text].length > Number(this.words.chatLongest);
    if (tooLong) this.line(this.words.chatTooLong);
    if (!text || tooLong) {
      this.field.focus();
      return;
    }
    const kind = event.submitter?.hasAttribute("data-chat-note") ? "note" : "message";
    const frame = { type: "send", id: uuid(), text, kind };
    this.hold(frame);
    this.line(this.box.dataset.chatConnection === "lost" ? this.words.chatLost : ""); // what was refused is mended
    this.field.value = "";
    this.field.dispatchEvent(new Event("input", { bubbles: true }));
    this.field.focus();
    this.toEnd();
    if (this.polling) this.poll();
    else this.put(frame);
  }

  // Show what is on its way, and keep it until it has arrived.
  hold(frame) {
    const role = { message: this.side === "client" ? "client" : "reply", note: "note" }[frame.kind];
    const element = drawn(role, { text: frame.text, name: "", at: new Date().toISOString() });
    element.querySelector("[data-chat-sending]").textContent = this.words.chatSending;
    this.list.append(element);
    this.pending.set(frame.id, { frame, element });
    this.keep();
  }

  settle(id) {
    const one = this.pending.get(id);
    one?.element.remove();
    if (this.pending.delete(id)) this.keep();
    return one;
  }

  backToField(some) {
    for (const { frame } of some) this.settle(frame.id);
    const texts = [...some.map(({ frame }) => frame.text), this.field?.value];
    if (this.field) this.field.value = texts.filter(Boolean).join("\n");
  }

  keep() {
    this.unsent.keep([...this.pending.values()].map(({ frame }) => frame));
  }

  // Sent again under its id, it counts once. A counsellor decides anew about what is older.
  recall() {
    if (!this.form) return;
    const { frames, isFresh } = this.unsent.found();
    for (const frame of frames) this.hold(frame);
    if (this.side === "team" && !isFresh) this.backToField([...this.pending.values()]);
  }

  key(event) {
    if (event.key !== "Enter" || event.isComposing || !(event.ctrlKey || event.metaKey)) return;
    event.preventDefault();
    this.form.requestSubmit();
  }

  typing() {
    if (this.stayForm && !this.stayForm.hidden && this.field.value) this.stay();
    const now = Date.now();
    if (!this.field.value || now - (this.typed ?? 0) < TYPING_EVERY_MS) return;
    this.typed = now;
    this.put({ type: "typing" });
  }

  look() {
    const attended = this.side === "client" || this.box.contains(document.activeElement);
    if (document.visibilityState !== "visible" || !document.hasFocus() || !attended) return;
    this.box.dispatchEvent(new CustomEvent("lotse:chat-seen", { bubbles: true }));
    if (this.silent || (this.read ?? 0) >= this.newest) return;
    this.read = this.newest;
    this.put({ type: "read", seq: this.newest });
  }

  // --- The page -----------------------------------------------------------------------------------
  // It is still: the team reads when the chat ends by itself, the client can say that they are there.
  quiet(ends) {
    if (this.stayForm) this.stayForm.hidden = !ends;
    const line = this.box.querySelector("[data-chat-quiet]");
    if (!line) return;
    line.hidden = !ends;
    const at = ends ? clock(new Date(ends)) : "";
    const words = ends ? line.dataset.chatQuiet.replace("{time}", at) : "";
    if (line.textContent !== words) line.textContent = words;
  }

  stay() {
    this.stayForm.hidden = true;
    const body = new FormData(this.stayForm);
    body.set("als", "da");
    // The answer is the next `state`; if this is lost, any message says the same.
    fetch(this.stayForm.action, { method: "POST", body, redirect: "manual" }).catch(() => {});
  }

  isAtEnd() {
    return this.log.scrollHeight - this.log.scrollTop - this.log.clientHeight < 80;
  }

  toEnd() {
    this.log.scrollTop = this.log.scrollHeight;
  }

  line(words) {
    const line = this.box.querySelector("[data-chat-line]");
    line.textContent = words ?? "";
    line.hidden = !words;
  }

  typingLine(words) {
    this.box.querySelector("[data-chat-typing-line]").textContent = words || "\u00a0";
  }

  done() {
    // A client's last words are taken by a chat that is over, too: not away before they have arrived.
    if (this.side === "client" && this.pending.size) return this.startPolling();
    return this.over();
  }

  over() {
    // What a client was typing stays in its field and can still be sent.
    if (this.side === "client" && !this.field?.value.trim()) return this.reload();
    this.leave();
    this.box.dataset.chatConnection = "over";
    if (this.side === "client") return undefined;
    this.backToField([...this.pending.values()]);
    this.line(this.words.chatOver);
    for (const button of this.form.querySelectorAll("button")) button.disabled = true;
    return undefined;
  }

  reload() {
    if (this.left) return;
    this.leave();
    window.location.reload();
  }

  leave() {
    this.left = true;
    for (const timer of [this.retry, this.lost, this.opening]) window.clearTimeout(timer);
    window.clearInterval(this.pings);
    this.stopPolling();
    this.socket?.close();
  }
}

const begun = new WeakSet();

function begin() {
  for (const box of document.querySelectorAll("[data-chat]")) {
    if (begun.has(box) || !box.querySelector("[data-chat-log]")) continue;
    begun.add(box);
    new Room(box);
  }
}

begin();
document.addEventListener("htmx:afterSettle", begin); // a chat that came to an open desk
