/** What the chat client is put together from; `sdk.ts` gives the browser's, the tests their own. */
import type { WidgetApi } from "../net/api";
import type { ConnectionParts } from "../net/connection";
import type { Session } from "../net/session";
import type { WebsiteStorage } from "../net/storage";

/** The page's events, on document and window. */
export type EventName = "kefu:ready" | "kefu:on-message" | "kefu:queue" | "kefu:error";
export type Emit = (name: EventName, detail: unknown) => void;

export interface ClientParts {
  api: WidgetApi;
  session: Session;
  storage: WebsiteStorage;
  emit: Emit;
  openSocket: ConnectionParts["openSocket"];
  random: () => number;
  newId: () => string;
}
