// Plays tones one after another, without a file: `await play([880, 660], { seconds: 0.2, loudness: 0.25 })`
// says whether they sounded. A browser that wants a click before the first sound leaves them out.

const START_MS = 1500;
let audio;

async function ready() {
  try {
    audio ??= new AudioContext();
    // A browser that does not allow it leaves the promise open instead of refusing.
    const late = new Promise((done) => window.setTimeout(done, START_MS));
    if (audio.state !== "running") await Promise.race([audio.resume(), late]);
  } catch {
    return false; // no sound here
  }
  return audio.state === "running";
}

export async function play(tones, { seconds, loudness }) {
  if (!(await ready())) return false;
  tones.forEach((frequency, place) => {
    const from = audio.currentTime + place * seconds;
    const source = new OscillatorNode(audio, { frequency });
    source.connect(new GainNode(audio, { gain: loudness })).connect(audio.destination);
    source.start(from);
    source.stop(from + seconds * 0.8);
  });
  return true;
}
