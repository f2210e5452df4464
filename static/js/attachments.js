// Looks at chosen files before they travel: on a slow line a file that is too large would cost minutes.
// <input type="file" data-files-most data-files-largest …>, a [data-files-status] in the same .field.
// The server asks all of it again; without JavaScript its answer says the same.

const MEGABYTE = 1024 * 1024;

function size(file) {
  const language = document.documentElement.lang || "de";
  const value = Math.max(0.1, file.size / MEGABYTE);
  return `${value.toLocaleString(language, { maximumFractionDigits: 1 })} MB`;
}

/** Return what is amiss with the files of a box: sentences, none if all is well. */
function problems(box) {
  const { filesMost, filesLargest, filesTooMany, filesTooLarge } = box.dataset;
  const files = [...box.files];
  const found = files
    .filter((file) => file.size > Number(filesLargest))
    .map((file) => filesTooLarge.replace("{name}", () => file.name));
  if (files.length > Number(filesMost)) found.unshift(filesTooMany.replace("{count}", files.length));
  return found;
}

function show(box) {
  const status = box.closest(".field")?.querySelector("[data-files-status]");
  const found = problems(box);
  if (found.length) box.setAttribute("aria-invalid", "true");
  else box.removeAttribute("aria-invalid");
  if (!status) return found;
  status.replaceChildren(
    ...(found.length ? found : chosen(box)).map((sentence) => {
      const line = document.createElement("p");
      line.textContent = sentence;
      return line;
    }),
  );
  status.classList.toggle("field__chosen--amiss", found.length > 0);
  return found;
}

function chosen(box) {
  const names = [...box.files].map((file) => `${file.name} (${size(file)})`);
  return names.length ? [box.dataset.filesChosen.replace("{names}", () => names.join(", "))] : [];
}

document.addEventListener("change", (event) => {
  if (event.target.matches?.("input[type=file][data-files-most]")) show(event.target);
});

// Before any other module believes that the form is on its way.
window.addEventListener(
  "submit",
  (event) => {
    // Saving a draft or a preview sends no files: they must not keep it back.
    if (event.submitter?.hasAttribute("formaction")) return;
    for (const box of event.target.querySelectorAll("input[type=file][data-files-most]")) {
      if (!show(box).length) continue;
      event.preventDefault();
      event.stopImmediatePropagation();
      box.focus();
      box.scrollIntoView({ block: "center" });
      return;
    }
  },
  { capture: true },
);
