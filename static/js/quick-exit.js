// Leave the page at once: a press on [data-quick-exit], or the Escape key twice.
// Without this module the same element is a plain link to the view that ends the session.

const TWICE_WITHIN_MS = 1500;
const exit = document.querySelector("a[data-quick-exit]");

function leave() {
  // Nothing readable may stay on the screen while the network is slow.
  document.documentElement.hidden = true;
  document.title = "…";
  // Whoever keeps something for the writer forgets it now, for good (draft-keep.js).
  window.dispatchEvent(new Event("lotse:leaving"));
  try {
    window.sessionStorage.clear();
  } catch {
    // Storage can be forbidden by the browser; then there is nothing in it either.
  }
  window.location.replace(exit.href);
}

if (exit) {
  exit.addEventListener("click", (event) => {
    event.preventDefault();
    leave();
  });

  let last = -Infinity;
  // Capture, so that no other handler of Escape can swallow the way out.
  window.addEventListener(
    "keydown",
    (event) => {
      if (event.key !== "Escape" || event.repeat) return;
      if (event.timeStamp - last < TWICE_WITHIN_MS) leave();
      last = event.timeStamp;
    },
    { capture: true },
  );

  // The Back button may bring the page out of the browser's memory; load it anew instead, so that
  // the server decides what there still is to see.
  window.addEventListener("pageshow", (event) => {
    if (event.persisted && document.documentElement.hidden) window.location.reload();
  });
}
