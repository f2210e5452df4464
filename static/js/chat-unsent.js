// What somebody has said and the server has not acknowledged yet, across a page that loads anew: by box, in
// this tab only, read once.

const NAME = "chat-unsent";
const FRESH_MS = 120_000;

const stored = () => JSON.parse(window.sessionStorage.getItem(NAME) ?? "{}");
const found = stored();
window.sessionStorage.removeItem(NAME);

/** Keep the frames of a box that leaves. */
export function keepUnsent(box, frames) {
  if (!frames.length) return;
  const all = { ...stored(), [box]: { at: Date.now(), frames } };
  window.sessionStorage.setItem(NAME, JSON.stringify(all));
}

/** Return the frames that a box had, and whether they are so fresh that their writer still means them. */
export function takeUnsent(box) {
  const { at = Date.now(), frames = [] } = found[box] ?? {};
  delete found[box];
  return { frames, isFresh: Date.now() - at < FRESH_MS };
}
