import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { useSurroundings } from "./context";
import { SendIcon } from "./icons";

/** The gateway's limit is 5000 characters; what is pasted beyond it is cut before it is sent in vain. */
const LONGEST = 5000;
const TALLEST_PX = 132;
/** As in styles.css. */
const PHONE = "(max-width: 520px)";

/**
 * True when this Enter sends. An input method uses Enter to take its candidate: then `isComposing` is set, and in
 * Safari, whose composition has ended by then, only the key code 229 is left to tell.
 */
export function sends(event: Pick<KeyboardEvent, "key" | "shiftKey" | "isComposing" | "keyCode">): boolean {
  return event.key === "Enter" && !event.shiftKey && !event.isComposing && event.keyCode !== 229;
}

export function Composer({ focus, disabled }: { focus: boolean; disabled: boolean }) {
  const { client, language } = useSurroundings();
  const [text, setText] = useState("");
  const field = useRef<HTMLTextAreaElement>(null);

  useLayoutEffect(() => {
    if (!focus) return;
    // On a phone the keyboard would cover what there is to read.
    const isPhone = window.matchMedia(PHONE).matches;
    const target = isPhone ? field.current?.closest<HTMLElement>(".panel") : field.current;
    target?.focus({ preventScroll: true });
  }, []);
  useLayoutEffect(() => {
    const element = field.current;
    if (!element) return;
    element.style.height = "auto";
    element.style.height = `${Math.min(element.scrollHeight, TALLEST_PX)}px`;
  }, [text]);

  function submit(): void {
    if (!text.trim()) return;
    client.send(text);
    setText("");
    field.current?.focus({ preventScroll: true });
  }

  return (
    <form
      class="composer"
      onSubmit={(event) => {
        event.preventDefault();
        submit();
      }}
    >
      <textarea
        ref={field}
        rows={1}
        value={text}
        maxLength={LONGEST}
        disabled={disabled}
        placeholder={language.t("composer_hint")}
        aria-label={language.t("composer_label")}
        enterkeyhint="send"
        onInput={(event) => {
          setText(event.currentTarget.value);
          client.typing();
        }}
        onKeyDown={(event) => {
          if (!sends(event)) return;
          event.preventDefault();
          submit();
        }}
      />
      <button type="submit" class="send" disabled={disabled || !text.trim()} aria-label={language.t("send")}>
        <SendIcon />
      </button>
    </form>
  );
}
