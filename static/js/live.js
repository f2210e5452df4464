// Keeps the team's pages fresh: opens the WebSocket named by [data-live-url] and turns every message
// {"type":"changed",…} into the event `lotse:changed` on <body>, for hx-trigger="lotse:changed from:body".
// {"type":"changed","what":"alarm"} becomes `lotse:alarm` instead. The socket is a hint and may lose; both events therefore also come every 20 seconds.
// A loss of more than five seconds is said in words ([data-live-lost], [data-live-back]).

const POLL_MS = 20_000;
const SAY_AFTER_MS = 5000;
const BACK_SHOWN_MS = 4000;
const WAIT_MIN_MS = 1000;
const WAIT_MAX_MS = 30_000;

const box = document.querySelector("[data-live-url]");

// An alarm is not a change of what the page lists: only the board of alarms asks anew (`lotse:alarm`).
function changed(detail) {
  const tell = (name) => document.body.dispatchEvent(new CustomEvent(name, { detail, bubbles: true }));
  const isHint = detail.type === "changed";
  if (!isHint || detail.what !== "alarm") tell("lotse:changed");
  if (!isHint || detail.what === "alarm") tell("lotse:alarm");
}

class LiveConnection {
  constructor(element) {
    this.element = element;
    this.line = element.querySelector("p");
    const address = new URL(element.dataset.liveUrl, window.location.href);
    address.protocol = address.protocol === "https:" ? "wss:" : "ws:";
    this.address = address.href;
    this.tries = 0;
    this.lost = false;
    this.open();
  }

  open() {
    this.leaving = false;
    this.socket = new WebSocket(this.address);
    this.socket.addEventListener("open", () => this.opened());
    this.socket.addEventListener("message", (event) => this.receive(event.data));
    this.socket.addEventListener("close", () => this.closed());
  }

  opened() {
    // Something may have changed while nobody listened.
    if (this.tries > 0) changed({ type: "reconnected" });
    this.tries = 0;
    window.clearTimeout(this.sayTimer);
    this.sayTimer = undefined;
    this.element.dataset.liveState = "open";
    if (this.lost) {
      this.lost = false;
      this.say(this.element.dataset.liveBack);
      window.setTimeout(() => this.lost || this.say(""), BACK_SHOWN_MS);
    }
  }

  receive(data) {
    let message;
    try {
      message = JSON.parse(data);
    } catch {
      return; // not ours; the next poll brings the truth
    }
    if (message?.type === "changed") changed(message);
  }

  closed() {
    if (this.leaving) return;
    this.element.dataset.liveState = "lost";
    this.sayTimer ??= window.setTimeout(() => {
      this.lost = true;
      this.say(this.element.dataset.liveLost);
    }, SAY_AFTER_MS);
    const wait = Math.min(WAIT_MAX_MS, WAIT_MIN_MS * 2 ** this.tries);
    this.tries += 1;
    // Half of the wait is chance: after a restart not everybody comes back in the same second.
    window.clearTimeout(this.retry);
    this.retry = window.setTimeout(() => this.open(), wait / 2 + (Math.random() * wait) / 2);
  }

  say(words) {
    if (!this.line) return;
    this.line.textContent = words ?? "";
    this.line.hidden = !words;
  }

  leave() {
    this.leaving = true;
    window.clearTimeout(this.retry);
    window.clearTimeout(this.sayTimer);
    this.sayTimer = undefined;
    this.socket.close();
  }
}

if (box) {
  const connection = new LiveConnection(box);
  window.setInterval(() => changed({ type: "poll" }), POLL_MS);
  window.addEventListener("pagehide", () => connection.leave());
  window.addEventListener("pageshow", (event) => {
    if (!event.persisted) return;
    changed({ type: "reconnected" });
    connection.open();
  });
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "visible") changed({ type: "poll" });
  });
}
