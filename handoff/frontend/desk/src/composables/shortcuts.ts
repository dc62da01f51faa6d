import { onScopeDispose } from "vue";
import { isTyping } from "./keys";

/** One key, without modifiers, outside fields. The key is `event.key` in lower case. */
export type Shortcuts = Record<string, () => void>;

export function useShortcuts(shortcuts: Shortcuts): void {
  function press(event: KeyboardEvent): void {
    if (event.defaultPrevented || isTyping(event)) return;
    // An open dialog has the keyboard.
    if (document.querySelector(".n-modal-body-wrapper [role='dialog'], .n-dialog")) return;
    const action = shortcuts[event.key.toLowerCase()];
    if (!action) return;
    event.preventDefault();
    action();
  }
  window.addEventListener("keydown", press);
  onScopeDispose(() => window.removeEventListener("keydown", press));
}

/** The rows of the help dialog: keys and the name of their text. */
export const HELP_ROWS = [
  { keys: ["J"], text: "next" },
  { keys: ["K"], text: "previous" },
  { keys: ["1", "–", "5"], text: "tabs" },
  { keys: ["/"], text: "search" },
  { keys: ["A"], text: "accept" },
  { keys: ["R"], text: "reply" },
  { keys: ["N"], text: "note" },
  { keys: ["F"], text: "faq" },
  { keys: ["Enter"], text: "send" },
  { keys: ["Ctrl", "Enter"], text: "sendAnywhere" },
  { keys: ["Shift", "Enter"], text: "newline" },
  { keys: ["Esc"], text: "escape" },
  { keys: ["?"], text: "help" },
] as const;
