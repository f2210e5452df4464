// An entry of a chat as the page shows it, made of the page's templates (chat/_words.html).

import { clock } from "./clock.js";
import { linksApart } from "./links-apart.js";

const template = (kind) => document.querySelector(`template[data-chat-entry="${kind}"]`);

/** Draw a frame `message`, or one that is on its way and has no number yet. */
export function drawn(kind, frame) {
  const element = template(kind).content.firstElementChild.cloneNode(true);
  const text = element.querySelector("[data-chat-text]");
  // The server has cleaned it (counselling/markup.py); whatever a client wrote comes as text only.
  if (frame.html && kind !== "client") {
    text.className = "prose"; // not `message__text`, which keeps line breaks
    text.innerHTML = frame.html;
    linksApart(text);
  } else text.textContent = frame.text;
  const name = element.querySelector("[data-chat-name]");
  if (name) name.textContent = frame.name;
  const time = element.querySelector("time");
  time.dateTime = frame.at;
  time.textContent = clock(new Date(frame.at));
  return element;
}
