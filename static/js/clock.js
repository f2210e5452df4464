const { lang, dataset } = document.documentElement;
const TIME_OF_DAY = { hour: "2-digit", minute: "2-digit", timeZone: dataset.timeZone };

/** Return the time of day in the page's language, as the page itself writes it: where the house is. */
export function clock(at) {
  return at.toLocaleTimeString(lang, TIME_OF_DAY);
}
