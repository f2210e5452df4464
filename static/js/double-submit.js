// <form data-double-submit>: a second click within eight seconds does nothing.
// Only the pointer is held back. Enter and Space always get through, and without JavaScript the form
// works as ever: the server tells a repeated message by its id, this only spares the surprise.

const HOLD_MS = 8000;
const held = new WeakMap();

function release(form) {
  const hold = held.get(form);
  if (!hold) return;
  window.clearTimeout(hold.timer);
  hold.button?.removeAttribute("aria-disabled");
  held.delete(form);
}

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (!form.matches("form[data-double-submit]") || event.defaultPrevented) return;
  release(form);
  const button = event.submitter;
  button?.setAttribute("aria-disabled", "true");
  held.set(form, { button, timer: window.setTimeout(() => release(form), HOLD_MS) });
});

document.addEventListener(
  "click",
  (event) => {
    const button = event.target.closest?.("button, input[type=submit]");
    // `detail` counts clicks of a pointer and is 0 when a key pressed the button.
    if (button?.form && event.detail > 0 && held.get(button.form)?.button === button) {
      event.preventDefault();
      event.stopPropagation();
    }
  },
  { capture: true },
);

// Coming back out of the browser's memory: the form is ready again.
window.addEventListener("pageshow", (event) => {
  if (!event.persisted) return;
  for (const form of document.querySelectorAll("form[data-double-submit]")) release(form);
});
