// Help for an acute crisis in a client's chat: it comes up as soon as what they write is taken for danger.

import { announce } from "./announce.js";

const panel = document.querySelector("[data-chat-danger]");

/** @param {boolean | undefined} danger what the latest state says */
export function showDanger(danger) {
  if (!panel || danger === undefined || panel.hidden === !danger) return;
  panel.hidden = !danger;
  if (!danger) return;
  panel.scrollIntoView({ block: "center" });
  announce(panel.querySelector("h2").textContent.trim());
}
