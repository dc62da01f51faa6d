import { useLayoutEffect, useRef } from "preact/hooks";
import type { ChatClient } from "../chat/client";
import { unreadAfter } from "../chat/log";
import type { Language } from "../i18n/language";
import { Banners } from "./banners";
import { Composer } from "./composer";
import { SurroundingsContext, useChat } from "./context";
import { Header } from "./header";
import { ChatIcon, CloseIcon } from "./icons";
import { Messages } from "./messages";

export interface AppProps {
  client: ChatClient;
  language: Language;
  onToggle: (open: boolean) => void;
}

export function App({ client, language, onToggle }: AppProps) {
  const state = useChat(client);
  const launcher = useRef<HTMLButtonElement>(null);
  const wasOpen = useRef(state.open);
  /** True while the panel is open because it was on the page before: then the page keeps its focus. */
  const restored = useRef(state.open);
  const unread = unreadAfter(state.log, state.readSeq);

  useLayoutEffect(() => {
    if (wasOpen.current && !state.open) launcher.current?.focus({ preventScroll: true });
    wasOpen.current = state.open;
    if (!state.open) restored.current = false;
  }, [state.open]);

  const label = state.open
    ? language.t("launcher_close")
    : unread
      ? language.t("launcher_open_unread", { n: unread })
      : language.t("launcher_open");
  return (
    <SurroundingsContext.Provider value={{ client, language }}>
      <div class={state.open ? "kefu open" : "kefu"} lang={language.locale}>
        {state.open && (
          <div
            class="panel"
            id="kefu-panel"
            role="dialog"
            aria-labelledby="kefu-title"
            tabIndex={-1}
            onKeyDown={(event) => {
              if (event.key === "Escape" && !event.isComposing) onToggle(false);
              event.stopPropagation(); // the shop's own shortcuts are not meant while somebody writes here
            }}
          >
            <Header state={state} onClose={() => onToggle(false)} />
            <Banners state={state} />
            <Messages state={state} />
            <Composer focus={!restored.current} disabled={state.connection === "refused"} />
          </div>
        )}
        <button
          type="button"
          class="launcher"
          ref={launcher}
          aria-label={label}
          aria-expanded={state.open}
          aria-controls="kefu-panel"
          onClick={() => onToggle(!state.open)}
        >
          {state.open ? <CloseIcon size={26} /> : <ChatIcon />}
          {!state.open && unread > 0 && (
            <span class="badge" aria-hidden="true">
              {unread > 99 ? "99+" : unread}
            </span>
          )}
        </button>
      </div>
    </SurroundingsContext.Provider>
  );
}
