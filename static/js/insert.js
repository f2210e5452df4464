// Puts text into a field at the cursor, as if it had been typed.

export function insert(field, text) {
  field.focus();
  // execCommand keeps the field's undo history; setRangeText does not.
  if (!document.execCommand("insertText", false, text)) {
    field.setRangeText(text, field.selectionStart, field.selectionEnd, "end");
    field.dispatchEvent(new Event("input", { bubbles: true }));
  }
}
