// Solves one ALTCHA challenge (version 2, PBKDF2): tries counters until the derived key begins with
// the prefix that the challenge names. Answers with what goes into the form: base64 of JSON.

const HEX = /../g;

function bytes(hex) {
  return Uint8Array.from(hex.match(HEX), (pair) => parseInt(pair, 16));
}

function hex(buffer) {
  return Array.from(new Uint8Array(buffer), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

async function solve(challenge) {
  const { algorithm, cost, keyLength, keyPrefix, nonce, salt } = challenge.parameters;
  const [kind, hash] = algorithm.split("/");
  if (kind !== "PBKDF2") throw new Error("unknown algorithm");
  const start = bytes(nonce);
  const password = new Uint8Array(start.length + 4);
  password.set(start);
  const place = new DataView(password.buffer, start.length);
  const how = { name: "PBKDF2", hash, salt: bytes(salt), iterations: cost };
  for (let counter = 0; ; counter += 1) {
    place.setUint32(0, counter);
    const key = await crypto.subtle.importKey("raw", password, "PBKDF2", false, ["deriveBits"]);
    const derivedKey = hex(await crypto.subtle.deriveBits(how, key, keyLength * 8));
    if (derivedKey.startsWith(keyPrefix)) return { counter, derivedKey };
  }
}

self.addEventListener("message", async (event) => {
  const solution = await solve(event.data);
  self.postMessage(btoa(JSON.stringify({ challenge: event.data, solution })));
});
