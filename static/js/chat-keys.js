// The keyboard at the desk, the palette of text modules, and what is put into a writing box by a button.
// Every shortcut wants Alt, so that none is hit by speech input or while typing; "?" alone opens the help,
// only outside of fields, and can be switched off (WCAG 2.1.4). Letters are keys of the board
// (`event.code`): Alt makes other characters of them on some systems.

import { announce } from "./announce.js";
import { insert } from "./insert.js";

const PLAIN_OFF = "chat-plain-keys-off";
const boxes = () => [...document.querySelectorAll("[data-chat=team]:not([data-chat-silent])")];
const field = (box) => box?.querySelector("[data-chat-form] textarea");
const help = document.querySelector("[data-chat-keys]");
const palette = document.querySelector("[data-chat-palette]");
let last; // the chat in which one was last

const current = () => boxes().find((box) => box.contains(document.activeElement)) ?? last ?? boxes()[0];

function go(box) {
  if (!box) return;
  last = box;
  field(box)?.focus();
  box.scrollIntoView({ block: "nearest" });
}

function step(by) {
  const all = boxes();
  const at = all.findIndex((box) => box.contains(document.activeElement));
  go(all[at < 0 ? 0 : (at + by + all.length) % all.length]);
}

// Who has waited longest for an answer; else who waits in the line.
function longest() {
  const waiting = boxes()
    .filter((box) => Number(box.dataset.chatUnread ?? 0) > 0)
    .sort((a, b) => (a.dataset.chatSince ?? "").localeCompare(b.dataset.chatSince ?? ""));
  if (waiting.length) go(waiting[0]);
  else document.querySelector("#chat-line form button")?.focus();
}

function find() {
  const box = current();
  const fold = box?.querySelector("[data-chat-find]");
  if (!fold) return;
  fold.open = true;
  fold.querySelector("input")?.focus();
}

function openPalette() {
  const box = current();
  if (!palette || !field(box)) return;
  last = box;
  const search = palette.querySelector("[data-chat-palette-search]");
  search.value = "";
  filter("");
  palette.showModal();
  search.focus();
}

function filter(words) {
  const wanted = words.toLocaleLowerCase();
  for (const row of palette.querySelectorAll("li")) {
    row.hidden = !row.textContent.toLocaleLowerCase().includes(wanted);
  }
}

const shown = () => [...palette.querySelectorAll("li:not([hidden]) button")];

function add(box, text) {
  const target = field(box);
  if (!target) return;
  const gap = target.value && !target.value.endsWith("\n") ? "\n\n" : "";
  target.setSelectionRange(target.value.length, target.value.length);
  insert(target, gap + text);
}

const KEYS = {
  KeyJ: () => step(1),
  KeyK: () => step(-1),
  KeyU: longest,
  KeyS: () => go(current()),
  KeyM: openPalette,
  KeyO: find,
};

document.addEventListener("keydown", (event) => {
  if (document.querySelector("dialog[open]") || event.isComposing) return;
  const act = event.altKey && !event.ctrlKey && !event.metaKey && KEYS[event.code];
  if (act) {
    event.preventDefault();
    act();
    return;
  }
  const types = event.target.closest?.("input, textarea, select, [contenteditable]");
  if (event.key === "?" && !types && !window.localStorage.getItem(PLAIN_OFF)) {
    event.preventDefault();
    help.showModal();
  }
});

document.addEventListener("focusin", (event) => {
  last = event.target.closest?.("[data-chat=team]") ?? last;
});

document.addEventListener("click", (event) => {
  if (event.target.closest?.("[data-chat-help]")) help.showModal();
  const button = event.target.closest?.("[data-insert-card]");
  if (!button) return;
  const box = button.closest("[data-chat=team]") ?? current();
  if (palette?.open) palette.close();
  add(box, button.dataset.insertCard);
  announce(button.dataset.insertDone);
});

palette?.addEventListener("input", (event) => filter(event.target.value));
palette?.addEventListener("keydown", (event) => {
  const all = shown();
  if (event.key === "Enter" && event.target.matches("input")) {
    event.preventDefault();
    all[0]?.click();
  } else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
    event.preventDefault();
    const at = all.indexOf(document.activeElement);
    all[Math.max(0, Math.min(all.length - 1, at + (event.key === "ArrowDown" ? 1 : -1)))]?.focus();
  }
});

const plain = document.querySelector("[data-chat-plain-keys]");
plain.checked = !window.localStorage.getItem(PLAIN_OFF);
plain.addEventListener("change", () => {
  if (plain.checked) window.localStorage.removeItem(PLAIN_OFF);
  else window.localStorage.setItem(PLAIN_OFF, "1");
});
document.querySelector("[data-chat-tools]").hidden = false;
