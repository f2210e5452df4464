// <button data-download-code="text" data-download-name="notiz.txt" data-download-done="sentence" hidden>
// Shows itself and saves the text as a file, without a request: the server never sees the code again.

import { announce } from "./announce.js";

for (const button of document.querySelectorAll("button[data-download-code]")) {
  button.hidden = false;
  button.addEventListener("click", () => {
    const text = `${button.dataset.downloadCode.trim()}\r\n`;
    // The mark at the start tells old Windows editors that this is UTF-8.
    const file = new Blob(["\ufeff", text], { type: "text/plain;charset=utf-8" });
    const link = document.createElement("a");
    link.href = URL.createObjectURL(file);
    link.download = button.dataset.downloadName || "notiz.txt";
    link.click();
    window.setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
    announce(button.dataset.downloadDone);
  });
}
