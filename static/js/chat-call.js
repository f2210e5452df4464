// Calls a client whose turn it is: to who listens, to who has another tab in front, and, if they wanted
// it, by a message of the browser. It is neutral: whoever sees it on a screen learns nothing of this page.
// <button data-chat-notify="sentence that says that we will" hidden>

import { announce } from "./announce.js";

const CALL = "chat-call-me";
const button = document.querySelector("[data-chat-notify]");
let wanted = false;

/** @param {string | undefined} words a finished, translated sentence */
export function call(words) {
  if (!words) return;
  announce(words);
  document.title = `● ${document.title.replace(/^● /, "")}`;
  if (!wanted || (document.visibilityState === "visible" && document.hasFocus())) return;
  try {
    const shown = new Notification(words, { tag: "lotse" });
    shown.addEventListener("click", () => {
      window.focus();
      shown.close();
    });
  } catch {
    // Some phones show none from a page; they can at least be felt.
    navigator.vibrate?.([200, 100, 200]);
  }
}

/** It is their turn: what belongs to waiting makes room for the conversation. words: as of `call`. */
export function takeTurn(words) {
  const code = document.querySelector("[data-chat-code]");
  code?.parentElement.append(code);
  if (button) button.hidden = true;
  call(words);
}

if (button && "Notification" in window && Notification.permission !== "denied") {
  // Who wanted it before the page was loaded anew still wants it.
  wanted = Notification.permission === "granted" && window.sessionStorage.getItem(CALL) === "1";
  button.hidden = wanted;
  button.addEventListener("click", async () => {
    wanted = (await Notification.requestPermission()) === "granted";
    button.hidden = wanted;
    if (!wanted) return;
    window.sessionStorage.setItem(CALL, "1");
    announce(button.dataset.chatNotify);
    document.querySelector("[data-chat] textarea")?.focus();
  });
}
