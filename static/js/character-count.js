// <div data-character-count="2000" data-count-left="Noch {n} …" data-count-over="{n} … zu viel.">
// around a textarea or input: shows how many characters are left once it gets close, and says it
// only when the writer pauses.

import { announce } from "./announce.js";

const SHOW_FROM = 0.8;
const PAUSE_MS = 1500;

function attach(box) {
  const field = box.querySelector("textarea, input");
  const limit = Number(box.dataset.characterCount);
  if (!field || !limit || box.querySelector(".field__count")) return;
  const line = document.createElement("p");
  line.className = "field__count";
  line.hidden = true;
  field.after(line);
  let timer;

  function update(speak) {
    // Counted like the server does: in code points.
    const used = [...field.value].length;
    const left = limit - used;
    line.hidden = used < limit * SHOW_FROM;
    line.toggleAttribute("data-over", left < 0);
    const words = left < 0 ? box.dataset.countOver : box.dataset.countLeft;
    line.textContent = words.replace("{n}", Math.abs(left).toLocaleString(document.documentElement.lang));
    window.clearTimeout(timer);
    if (speak && !line.hidden) timer = window.setTimeout(() => announce(line.textContent), PAUSE_MS);
  }

  field.addEventListener("input", () => update(true));
  update(false);
}

function attachAll() {
  for (const box of document.querySelectorAll("[data-character-count]")) attach(box);
}

attachAll();
document.addEventListener("htmx:afterSettle", attachAll);
