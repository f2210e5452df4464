// What a client has sent in a chat and nobody has acknowledged yet, kept across a reload of this tab: the
// page has promised to send it as soon as it can. Only in sessionStorage, under one name, for one chat and
// for ten minutes; the quick exit wipes it with everything else (quick-exit.js). Every client page loads
// this module (draft-keep.js), so that none of them leaves anything older there.
// <form data-chat-late hidden>, on the page of a chat that is over: brings what did not arrive in time.

const NAME = "unsent";
const MAX_AGE_MS = 10 * 60 * 1000;

function kept() {
  try {
    const found = JSON.parse(window.sessionStorage.getItem(NAME));
    return found && Date.now() - found.at < MAX_AGE_MS ? found : null;
  } catch {
    return null;
  }
}

function forget() {
  try {
    window.sessionStorage.removeItem(NAME);
  } catch {
    // Storage is forbidden: nothing was kept.
  }
}

if (!kept()) forget();

/** Frames of a chat that may still have to be sent. */
export class Unsent {
  /** @param {string | undefined} chat which one; undefined keeps nothing, as on a counsellor's desk */
  constructor(chat) {
    this.chat = chat;
    window.addEventListener("lotse:leaving", () => {
      this.chat = undefined;
    });
  }

  frames() {
    const found = kept();
    return found?.chat === this.chat ? (found?.frames ?? []) : [];
  }

  keep(frames) {
    if (!this.chat) return;
    if (!frames.length) {
      forget();
      return;
    }
    try {
      const value = JSON.stringify({ chat: this.chat, at: Date.now(), frames });
      window.sessionStorage.setItem(NAME, value);
    } catch {
      // Storage is forbidden: then a reload loses what did not arrive.
    }
  }
}

const late = document.querySelector("[data-chat-late]");

if (late) {
  const unsent = new Unsent(late.dataset.chatLate);
  const frames = unsent.frames();
  if (frames.length && late.hidden) {
    late.hidden = false;
    late.elements.text.value = frames.map((frame) => frame.text).join("\n");
    // Under its own id it counts once, also if it has arrived after all.
    if (frames.length === 1) late.elements.message.value = frames[0].id;
  }
  late.addEventListener("submit", () => unsent.keep([]));
}
