// An internal note that is being typed outlives a page of its case that loads anew (the reply is sent first), in
// this tab: <form action="…" data-note-keep> around a textarea. It is read back once; nothing else keeps it.

const NAME = "note-typed";
const form = document.querySelector("form[data-note-keep]");
const field = form?.querySelector("textarea");
const kept = JSON.parse(window.sessionStorage.getItem(NAME) ?? "null");
let isSent = false;

if (field) {
  // What another case's page left behind is nobody's any more.
  window.sessionStorage.removeItem(NAME);
  if (kept?.form === form.action && !field.value) {
    field.value = kept.text;
    field.dispatchEvent(new Event("input", { bubbles: true }));
    field.closest("details").open = true;
  }
  form.addEventListener("submit", () => {
    isSent = true;
  });
  window.addEventListener("pagehide", () => {
    if (isSent || !field.value.trim()) return;
    window.sessionStorage.setItem(NAME, JSON.stringify({ form: form.action, text: field.value }));
  });
}
