// After an answer with errors the focus goes to the summary, [data-focus-on-load].

document.querySelector("[data-focus-on-load]")?.focus();
