// <form data-passkey="create|get" data-passkey-options='{…}'>
// Shows [data-passkey-button] where the browser knows passkeys and hides [data-passkey-missing]. On
// submit it asks the browser, puts its answer into the field `answer` and sends the form; when that
// fails it shows [data-passkey-status] and says what is in it.

import { announce } from "./announce.js";

const known = Boolean(window.PublicKeyCredential && navigator.credentials);

function toBytes(text) {
  const plain = window.atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(plain, (letter) => letter.charCodeAt(0));
}

function toText(buffer) {
  const plain = String.fromCharCode(...new Uint8Array(buffer));
  return window.btoa(plain).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

const withBytes = (list) => (list ?? []).map((entry) => ({ ...entry, id: toBytes(entry.id) }));

/** Ask for a new passkey; return what the server wants to read. */
async function create(options) {
  const made = await navigator.credentials.create({
    publicKey: {
      ...options,
      challenge: toBytes(options.challenge),
      user: { ...options.user, id: toBytes(options.user.id) },
      excludeCredentials: withBytes(options.excludeCredentials),
    },
  });
  return {
    ...common(made),
    response: {
      attestationObject: toText(made.response.attestationObject),
      clientDataJSON: toText(made.response.clientDataJSON),
      transports: made.response.getTransports?.() ?? [],
    },
  };
}

/** Ask to prove one of the known passkeys; return what the server wants to read. */
async function get(options) {
  const shown = await navigator.credentials.get({
    publicKey: {
      ...options,
      challenge: toBytes(options.challenge),
      allowCredentials: withBytes(options.allowCredentials),
    },
  });
  const { userHandle } = shown.response;
  return {
    ...common(shown),
    response: {
      authenticatorData: toText(shown.response.authenticatorData),
      clientDataJSON: toText(shown.response.clientDataJSON),
      signature: toText(shown.response.signature),
      userHandle: userHandle ? toText(userHandle) : null,
    },
  };
}

function common(credential) {
  return {
    id: credential.id,
    rawId: toText(credential.rawId),
    type: credential.type,
    authenticatorAttachment: credential.authenticatorAttachment,
    clientExtensionResults: credential.getClientExtensionResults(),
  };
}

function sayThatItFailed(form) {
  const status = form.querySelector("[data-passkey-status]");
  status.hidden = false;
  announce(status.textContent.trim());
}

function prepare(form) {
  form.querySelector("[data-passkey-button]").hidden = false;
  form.querySelector("[data-passkey-missing]")?.remove();
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    try {
      const ask = form.dataset.passkey === "create" ? create : get;
      const answer = await ask(JSON.parse(form.dataset.passkeyOptions));
      form.elements.namedItem("answer").value = JSON.stringify(answer);
    } catch {
      // Closed the window, no finger, no such passkey here: the browser tells nobody which.
      sayThatItFailed(form);
      return;
    }
    form.submit();
  });
}

if (known) for (const form of document.querySelectorAll("form[data-passkey]")) prepare(form);
