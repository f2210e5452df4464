// Proof of work, while somebody writes: <input type="hidden" name="altcha" data-proof="challenge">.
// A worker solves the challenge as soon as the form is touched and puts the answer into the field.
// Nothing waits for it: a form that is sent earlier, or by a browser that cannot do it (no secure
// connection, no worker), goes without a proof, and the server asks for a little patience instead.

const WORKER = new URL("./proof-worker.js", import.meta.url);

function solve(field) {
  let worker;
  try {
    worker = new Worker(WORKER, { type: "module" });
  } catch {
    return;
  }
  worker.addEventListener("message", (event) => {
    field.value = event.data;
    worker.terminate();
  });
  worker.addEventListener("error", (event) => {
    event.preventDefault();
    worker.terminate();
  });
  worker.postMessage(JSON.parse(field.dataset.proof));
}

for (const field of document.querySelectorAll("input[data-proof]")) {
  // A browser may bring the answer back that was in the field before a reload: it is used up.
  field.value = "";
  if (!window.isSecureContext || !field.form) continue;
  const begin = () => {
    field.form.removeEventListener("focusin", begin);
    field.form.removeEventListener("input", begin);
    solve(field);
  };
  // Not before somebody means it: who only looks keeps the battery. A form that came back with
  // sentences about mistakes is about to be sent again.
  if (field.form.querySelector("[aria-invalid=true]")) {
    solve(field);
  } else {
    field.form.addEventListener("focusin", begin);
    field.form.addEventListener("input", begin);
  }
}
