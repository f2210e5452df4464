// Puts a text module into a reply at the cursor:
// <div data-insert-module="#id-of-textarea" data-insert-done="sentence">
//   <select><option data-body="text">name</option>…</select> <button type="button" hidden>…</button>
// </div>
// A button does it and not the choice itself: with the keyboard one passes many choices.

import { announce } from "./announce.js";
import { insert } from "./insert.js";

for (const button of document.querySelectorAll("[data-insert-module] button")) button.hidden = false;

document.addEventListener("click", (event) => {
  const button = event.target.closest?.("[data-insert-module] button");
  if (!button) return;
  const box = button.closest("[data-insert-module]");
  const field = document.querySelector(box.dataset.insertModule);
  const body = box.querySelector("select")?.selectedOptions[0]?.dataset.body;
  if (!field || !body) return;
  insert(field, body);
  announce(box.dataset.insertDone);
});

document.addEventListener("htmx:afterSettle", () => {
  for (const button of document.querySelectorAll("[data-insert-module] button")) button.hidden = false;
});
