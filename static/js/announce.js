// Says a sentence to screen readers through the one live region of the page (base.html).

/** @param {string} text a finished, translated sentence */
export function announce(text) {
  const region = document.getElementById("live-region");
  if (!region || !text) return;
  // The same words twice in a row are only read again when the region was empty in between.
  region.textContent = "";
  window.setTimeout(() => {
    region.textContent = text;
  }, 50);
}
