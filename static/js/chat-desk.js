// The counsellor's desk: counts what is unread, shows it in the title and repeats a tone until somebody
// looks; keeps what is being typed when another chat is taken (the page loads anew).

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

document.addEventListener("htmx:afterSettle", () => {
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

// What is typed in the other chats outlives the page that takes one more; it is read back at once.
window.addEventListener("pagehide", () => {
  const typed = boxes()
    .map((box) => [box.id, box.querySelector("[data-chat-form] textarea")?.value ?? ""])
    .filter(([, text]) => text.trim());
  if (typed.length) window.sessionStorage.setItem(KEPT, JSON.stringify(typed));
});
for (const [id, text] of JSON.parse(window.sessionStorage.getItem(KEPT) ?? "[]")) {
  const field = document.getElementById(id)?.querySelector("[data-chat-form] textarea");
  if (field && !field.value) field.value = text;
}
window.sessionStorage.removeItem(KEPT);
show();
