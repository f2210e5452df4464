// <form data-push="…server's key…" data-push-worker="/team/meldungen.js" action="…">: switches messages to
// this device on. Shows [data-push-button] where the browser can, [data-push-missing] where it cannot, and
// [data-push-refused] when it may not. Sends the browser's subscription with the form's own token.

const form = document.querySelector("form[data-push]");
const can = "serviceWorker" in navigator && "PushManager" in window && "Notification" in window;

const toText = (buffer) =>
  window
    .btoa(String.fromCharCode(...new Uint8Array(buffer)))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replaceAll("=", "");

function toBytes(text) {
  const plain = window.atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(plain, (letter) => letter.charCodeAt(0));
}

async function subscribe() {
  const key = form.dataset.push;
  const registration = await navigator.serviceWorker.register(form.dataset.pushWorker);
  await navigator.serviceWorker.ready;
  const before = await registration.pushManager.getSubscription();
  // One that was made under another key of the server brings nothing any more.
  if (before && toText(before.options.applicationServerKey ?? new ArrayBuffer()) !== key) {
    await before.unsubscribe();
  }
  return registration.pushManager.subscribe({
    userVisibleOnly: true,
    applicationServerKey: toBytes(key),
  });
}

async function send(subscription) {
  const body = new FormData(form);
  body.set("endpoint", subscription.endpoint);
  body.set("p256dh", toText(subscription.getKey("p256dh")));
  body.set("auth", toText(subscription.getKey("auth")));
  const answer = await fetch(form.action, { method: "POST", body, redirect: "error" });
  if (!answer.ok) throw new Error("refused");
}

if (form && can) {
  const button = form.querySelector("[data-push-button]");
  button.hidden = false;
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    button.disabled = true;
    try {
      if ((await Notification.requestPermission()) !== "granted") throw new Error("not allowed");
      await send(await subscribe());
      window.location.reload();
    } catch {
      button.disabled = false;
      form.querySelector("[data-push-refused]").hidden = false;
    }
  });
} else if (form) {
  form.querySelector("[data-push-missing]").hidden = false;
}
