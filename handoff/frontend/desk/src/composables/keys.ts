/** True when Enter sends: not for a new line, and never while an input method is choosing characters. */
export function isSendKey(event: KeyboardEvent): boolean {
  // 229: Safari ends the composition before the keydown of the Enter that ended it.
  if (event.key !== "Enter" || event.isComposing || event.keyCode === 229) return false;
  return !event.shiftKey && !event.altKey;
}

/** True when a key press belongs to a field and is no shortcut. */
export function isTyping(event: KeyboardEvent): boolean {
  if (event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return true;
  const target = event.target;
  if (!(target instanceof HTMLElement)) return false;
  return target.isContentEditable || ["INPUT", "TEXTAREA", "SELECT"].includes(target.tagName);
}
