// <button data-copy="text" data-copy-done="sentence" data-copy-failed="sentence" hidden>
// Shows itself, copies the text, and says so on the screen ([data-copy-status] nearby) and aloud.

import { announce } from "./announce.js";

/** The old way, for pages without a secure context (a demo on plain http). */
function copyBySelection(text) {
  const area = document.createElement("textarea");
  area.value = text;
  area.className = "visually-hidden";
  area.setAttribute("aria-hidden", "true");
  document.body.append(area);
  area.select();
  const done = document.execCommand("copy");
  area.remove();
  return done;
}

async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return copyBySelection(text);
  }
}

for (const button of document.querySelectorAll("button[data-copy]")) {
  button.hidden = false;
  button.addEventListener("click", async () => {
    const done = await copy(button.dataset.copy);
    const sentence = done ? button.dataset.copyDone : button.dataset.copyFailed;
    button.focus();
    const status = button.closest("section, form, body").querySelector("[data-copy-status]");
    if (status) {
      status.textContent = sentence;
      status.hidden = false;
    }
    announce(sentence);
  });
}
