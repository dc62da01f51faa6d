import { createContext } from "preact";
import { useContext, useLayoutEffect, useState } from "preact/hooks";
import type { ChatClient } from "../chat/client";
import type { ChatState } from "../chat/state";
import type { Language } from "../i18n/language";

export interface Surroundings {
  client: ChatClient;
  language: Language;
}

export const SurroundingsContext = createContext<Surroundings | null>(null);

export function useSurroundings(): Surroundings {
  const surroundings = useContext(SurroundingsContext);
  if (!surroundings) throw new Error("rendered outside of the widget");
  return surroundings;
}

export function useLanguage(): Language {
  return useSurroundings().language;
}

/** The state now, and a new render whenever it changes. */
export function useChat(client: ChatClient): ChatState {
  const [, render] = useState(client.store.get());
  // Before the browser paints, and looking once more: what changed while we were rendering must not be missed.
  useLayoutEffect(() => {
    const look = (): void => render(client.store.get());
    look();
    return client.store.subscribe(look);
  }, [client]);
  return client.store.get();
}
