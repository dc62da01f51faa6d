import { createContext } from "preact";
import { useContext, useEffect, useState } from "preact/hooks";
import type { ChatClient } from "../chat/client";
import type { ChatState } from "../chat/state";
import { Language } from "../i18n/language";

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
  const [, render] = useState(0);
  useEffect(() => client.store.subscribe(() => render((count) => count + 1)), [client]);
  return client.store.get();
}
