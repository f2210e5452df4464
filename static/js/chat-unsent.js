// What somebody has said in a chat and nobody has acknowledged yet, kept across a reload of this tab: the
// page has promised to send it as soon as it can. Only in sessionStorage, by chat and for ten minutes; the
// quick exit wipes it with everything else (quick-exit.js). Every client page loads this module
// (draft-keep.js), so that none of them leaves anything older there.
// <form data-chat-late hidden>, on the page of a chat that is over: brings what did not arrive in time.

const NAME = "unsent";
const MAX_AGE_MS = 10 * 60 * 1000;
const FRESH_MS = 120_000;

function stored() {
  try {
    const found = Object.entries(JSON.parse(window.sessionStorage.getItem(NAME) ?? "{}"));
    return Object.fromEntries(found.filter(([, kept]) => Date.now() - kept.at < MAX_AGE_MS));
  } catch {
    return {};
  }
}

function store(all) {
  try {
    if (Object.keys(all).length) window.sessionStorage.setItem(NAME, JSON.stringify(all));
    else window.sessionStorage.removeItem(NAME);
  } catch {
    // Storage is forbidden: then a reload loses what did not arrive.
  }
}

/** Frames of a chat that may still have to be sent. */
export class Unsent {
  /** @param {string | undefined} chat which one; undefined keeps nothing */
  constructor(chat) {
    this.chat = chat;
    window.addEventListener("lotse:leaving", () => {
      this.chat = undefined;
    });
  }

  /** Return the frames, and whether they are so fresh that their writer still means them. */
  found() {
    const { at = 0, frames = [] } = stored()[this.chat] ?? {};
    return { frames, isFresh: Date.now() - at < FRESH_MS };
  }

  keep(frames) {
    if (!this.chat) return;
    const all = stored();
    delete all[this.chat];
    if (frames.length) all[this.chat] = { at: Date.now(), frames };
    store(all);
  }
}

store(stored());
const late = document.querySelector("[data-chat-late]");

if (late) {
  const unsent = new Unsent(late.dataset.chatLate);
  const { frames } = unsent.found();
  if (frames.length && late.hidden) {
    late.hidden = false;
    late.elements.text.value = frames.map((frame) => frame.text).join("\n");
    // Under its own id it counts once, also if it has arrived after all.
    if (frames.length === 1) late.elements.message.value = frames[0].id;
  }
  late.addEventListener("submit", () => unsent.keep([]));
}
