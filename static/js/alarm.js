// Sounds when the board of alarms (#alarm-board) brings an alarm, or a further step of one, that this tab
// has not sounded for. `data-alarm-mark` names alarms and their steps; `data-alarm-sound` says what became
// of the last sound: "played", "off" or "blocked".
// <button data-alarm-switch data-on="…" data-off="…"> switches it. A browser that wants a click before the
// first sound blocks it; the switch then offers it.

import { announce } from "./announce.js";
import { play } from "./sound.js";

const HEARD = "lotse-alarms-heard";
const OFF = "lotse-alarms-off";
const TONES = [880, 660, 880];
const SOUND = { seconds: 0.22, loudness: 0.25 };

const board = () => document.getElementById("alarm-board");
const isOff = () => window.localStorage.getItem(OFF) === "1";

const sound = async () => ((await play(TONES, SOUND)) ? "played" : "blocked");

async function look() {
  const marks = (board()?.dataset.alarmMark ?? "").split(" ").filter(Boolean);
  const heard = new Set((window.sessionStorage.getItem(HEARD) ?? "").split(" "));
  const isNew = marks.some((mark) => !heard.has(mark));
  window.sessionStorage.setItem(HEARD, marks.join(" "));
  if (!isNew) return;
  announce(board().dataset.alarmWords);
  const became = isOff() ? "off" : await sound();
  document.body.dataset.alarmSound = became;
  showSwitch();
}

function showSwitch() {
  const button = document.querySelector("[data-alarm-switch]");
  if (!button) return;
  const sounds = !isOff() && document.body.dataset.alarmSound !== "blocked";
  button.hidden = false;
  button.dataset.sounds = String(sounds);
  button.querySelector("span").textContent = sounds ? button.dataset.on : button.dataset.off;
}

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-alarm-switch]");
  if (!button) return;
  if (button.dataset.sounds === "true") {
    window.localStorage.setItem(OFF, "1");
  } else {
    window.localStorage.removeItem(OFF);
    document.body.dataset.alarmSound = await sound();
  }
  showSwitch();
});

document.body.addEventListener("htmx:afterSwap", look);
showSwitch();
look();
