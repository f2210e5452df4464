// Keeps what a parent is writing across an accidental reload, and nowhere else.
// <form data-draft-keep> on the page; an element [data-draft-notice] (hidden) is shown after a
// restore. The draft lives in sessionStorage under one name and is wiped on submit, on quick exit,
// on any other page of ours, on a click on any link, and ten minutes after the last keystroke.
// This module therefore runs on every client page.

import { announce } from "./announce.js";
import "./chat-unsent.js"; // forgets what is too old

const NAME = "draft";
const MAX_AGE_MS = 10 * 60 * 1000;
const NEVER_KEPT = new Set(["hidden", "password", "file", "submit", "button", "reset", "image"]);

const form = document.querySelector("form[data-draft-keep]");
let timer;
let left = false;
let gone = false;

function wipe() {
  window.clearTimeout(timer);
  try {
    window.sessionStorage.removeItem(NAME);
  } catch {
    // Storage is forbidden: nothing was kept.
  }
}

/** Forget the draft until somebody types again: a late `change` must not bring it back. */
function leave() {
  left = true;
  wipe();
}

function read() {
  try {
    const draft = JSON.parse(window.sessionStorage.getItem(NAME));
    const fresh = draft && Date.now() - draft.at < MAX_AGE_MS;
    return fresh && draft.path === window.location.pathname ? draft : null;
  } catch {
    return null;
  }
}

function fields() {
  return [...form.elements].filter((field) => field.name && !NEVER_KEPT.has(field.type));
}

function keep() {
  if (left || gone) return;
  const values = fields()
    .filter((field) => !["radio", "checkbox"].includes(field.type) || field.checked)
    .map((field) => [field.name, field.value]);
  try {
    window.sessionStorage.setItem(
      NAME,
      JSON.stringify({ path: window.location.pathname, at: Date.now(), values }),
    );
  } catch {
    return;
  }
  window.clearTimeout(timer);
  timer = window.setTimeout(wipe, MAX_AGE_MS);
}

function restore(draft) {
  const kept = new Map();
  for (const [name, value] of draft.values) kept.set(name, [...(kept.get(name) ?? []), value]);
  let changed = false;
  for (const field of fields()) {
    const values = kept.get(field.name) ?? [];
    if (field.type === "radio" || field.type === "checkbox") {
      field.checked = values.includes(field.value);
    } else if (values.length && field.value !== values[0]) {
      field.value = values[0];
      field.dispatchEvent(new Event("input", { bubbles: true }));
      changed = changed || values[0].trim() !== "";
    }
  }
  return changed;
}

const draft = form ? read() : null;
if (!draft) wipe();

if (form) {
  // An answer of the server with errors already carries the words that were sent.
  const answered = form.querySelector("[aria-invalid=true]") !== null;
  if (draft && !answered && restore(draft)) {
    const notice = document.querySelector("[data-draft-notice]");
    if (notice) {
      notice.hidden = false;
      announce(notice.textContent.trim());
    }
  }
  if (draft) timer = window.setTimeout(wipe, Math.max(0, draft.at + MAX_AGE_MS - Date.now()));
  form.addEventListener("input", () => {
    left = false;
    keep();
  });
  form.addEventListener("change", keep);
  form.addEventListener("submit", leave);
  form.addEventListener("reset", leave);
}

window.addEventListener("lotse:leaving", () => {
  gone = true;
  wipe();
});

document.addEventListener("click", (event) => {
  if (event.target instanceof Element && event.target.closest("a[href]")) leave();
});
