// The counsellor's desk: counts what is unread, shows it in the title and repeats a tone until somebody
// looks, also for a chat that comes to the open page; keeps what is being typed when another chat is taken
// (the page loads anew).

import { announce } from "./announce.js";
import { play } from "./sound.js";

const AGAIN_MS = 15_000;
const TONES = [660, 880];
const SOUND = { seconds: 0.14, loudness: 0.2 };
const KEPT = "chat-typed";
const title = document.title;
let waiting = Number(document.querySelector("[data-chat-waiting]")?.dataset.chatWaiting ?? 0);
let newcomer = false;

const boxes = () => [...document.querySelectorAll("[data-chat=team]")];
const known = new WeakSet(boxes());
const unread = (box) => Number(box.dataset.chatUnread ?? 0);
const total = () => boxes().reduce((sum, box) => sum + unread(box), 0) + (newcomer ? 1 : 0);

// Where it does not sound, the title still says it.
const tone = () => play(TONES, SOUND);

function show() {
  const count = total();
  document.title = count ? `(${count}) ${title}` : title;
  for (const box of boxes()) {
    const mark = box.querySelector("[data-chat-count]");
    const words = box.querySelector("[data-chat-count-words]");
    mark.textContent = unread(box);
    mark.hidden = words.hidden = unread(box) === 0;
  }
}

document.addEventListener("lotse:chat-entry", (event) => {
  const box = event.target;
  const attended = box.contains(document.activeElement) && document.hasFocus();
  if (attended) return;
  if (!unread(box)) box.dataset.chatSince = new Date().toISOString();
  box.dataset.chatUnread = unread(box) + 1;
  announce(`${box.dataset.chatNew}: ${box.querySelector("h2").firstChild.textContent.trim()}`);
  show();
  tone();
});

document.addEventListener("lotse:chat-seen", (event) => {
  event.target.dataset.chatUnread = 0;
  delete event.target.dataset.chatSince;
  show();
});

// A chat that a colleague passed on comes with the line's next answer.
function welcome(box) {
  box.dataset.chatUnread = Math.max(1, unread(box));
  box.dataset.chatSince ??= new Date().toISOString();
  for (const former of boxes().filter((other) => other !== box && other.id === box.id)) {
    carry(former, box);
    former.remove();
  }
  announce(`${box.dataset.chatArrived}: ${box.querySelector("h2").firstChild.textContent.trim()}`);
  tone();
}

// It was here before, and something was being typed in it.
function carry(from, to) {
  const typed = [...from.querySelectorAll("textarea")].map((field) => [field.id, field.value]);
  for (const [id, text] of typed) {
    const field = [...to.querySelectorAll("textarea")].find((one) => one.id === id);
    if (field && text) field.value = text;
  }
}

document.addEventListener("htmx:afterSettle", () => {
  for (const box of boxes().filter((one) => !known.has(one))) {
    known.add(box);
    welcome(box);
  }
  const now = Number(document.querySelector("[data-chat-waiting]")?.dataset.chatWaiting ?? 0);
  if (now > waiting) {
    newcomer = true;
    tone();
  }
  waiting = now;
  show();
});

for (const happening of ["pointerdown", "keydown"]) {
  document.addEventListener(happening, () => {
    newcomer = false;
    show();
  });
}
window.setInterval(() => total() > 0 && tone(), AGAIN_MS);

// What is not sent would stay behind when a chat goes: said once, then it is theirs to decide. Captured, so
// that double-submit.js does not hold the button.
document.addEventListener(
  "submit",
  (event) => {
    const box = event.target.closest("[data-chat=team]");
    if (!box || event.target.method !== "post" || event.target.matches("[data-chat-form]")) return;
    const left =
      box.querySelector("[data-chat-form] textarea")?.value.trim() ||
      box.querySelector("[data-chat-sending]:not(:empty)");
    if (!left || box.dataset.chatWarned) return;
    event.preventDefault();
    box.dataset.chatWarned = "1";
    const line = box.querySelector("[data-chat-line]");
    line.textContent = box.dataset.chatUnsent;
    line.hidden = false;
    line.scrollIntoView({ block: "nearest" });
  },
  { capture: true },
);
document.addEventListener("input", (event) => {
  delete event.target.closest("[data-chat=team]")?.dataset.chatWarned;
});

// What is typed anywhere at the desk outlives the page that takes one more chat; it is read back at once.
window.addEventListener("pagehide", () => {
  const typed = [...document.querySelectorAll("[data-chat=team] textarea")]
    .map((field) => [field.id, field.value])
    .filter(([, text]) => text.trim());
  if (typed.length) window.sessionStorage.setItem(KEPT, JSON.stringify(typed));
});
for (const [id, text] of JSON.parse(window.sessionStorage.getItem(KEPT) ?? "[]")) {
  const field = document.getElementById(id);
  if (!field || field.value === text) continue;
  field.value = [field.value, text].filter(Boolean).join("\n"); // after what was not sent (chat.js)
  const fold = field.closest("details");
  if (fold) fold.open = true;
}
window.sessionStorage.removeItem(KEPT);
show();
