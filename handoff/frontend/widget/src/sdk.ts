/**
 * The script that a shop embeds:
 *
 *     <script src="https://chat.example/sdk.js"></script>
 *     <script>kefuSDK.run({ websiteToken: "…", baseUrl: "https://chat.example" });</script>
 *
 * and then `$kefu.toggle("open")`, `$kefu.setUser(id, { name, email, identifier_hash })`, `$kefu.setLocale("zh-Hant")`,
 * `$kefu.reset()`. Events on document (and, bubbling, window): kefu:ready, kefu:on-message, kefu:queue, kefu:error.
 */
import type { Locale } from "../../shared/wire";
import { ChatClient } from "./chat/client";
import type { Emit } from "./chat/parts";
import { chooseLocale, Language, toLocale } from "./i18n/language";
import { mount } from "./mount";
import { WidgetApi } from "./net/api";
import { Session, type Identity } from "./net/session";
import { browserStorage, WebsiteStorage } from "./net/storage";

export interface RunOptions {
  websiteToken: string;
  /** The gateway's address; by default where this script came from. */
  baseUrl?: string;
  locale?: string;
}

export interface Kefu {
  /** Without a wish, the other way round. */
  toggle(wish?: "open" | "close"): void;
  setUser(id: string, user?: Omit<Identity, "id">): void;
  setLocale(locale: string): void;
  /** To be called when the shop's customer logs out. */
  reset(): Promise<void>;
}

declare global {
  interface Window {
    kefuSDK: { run(options: RunOptions): void };
    $kefu?: Kefu;
  }
}

const OPEN_KEY = "open";
const scriptAddress = (document.currentScript as HTMLScriptElement | null)?.src ?? null;

const emit: Emit = (name, detail) => {
  document.dispatchEvent(new CustomEvent(name, { detail, bubbles: true }));
};

export function run(options: RunOptions): void {
  if (window.$kefu) return; // once per page
  const { websiteToken } = options;
  const baseUrl = options.baseUrl ?? (scriptAddress ? new URL(scriptAddress).origin : window.location.origin);
  if (!websiteToken) throw new TypeError("kefuSDK.run needs a websiteToken.");

  const storage = new WebsiteStorage(websiteToken, browserStorage("localStorage"));
  const thisTab = new WebsiteStorage(websiteToken, browserStorage("sessionStorage"));
  let locale: Locale = chooseLocale(options.locale, document.documentElement.lang, ...navigator.languages);
  const api = new WidgetApi(new URL(baseUrl, window.location.href).href);
  const session = new Session(websiteToken, api, storage, () => locale);
  const client = new ChatClient({
    api,
    session,
    storage,
    emit,
    openSocket: (address) => new WebSocket(address),
    random: Math.random,
    newId: randomId,
  });

  const toggle = (open: boolean): void => {
    thisTab.write(OPEN_KEY, open);
    client.setOpen(open);
  };
  const start = (): void => {
    // The panel stays open from page to page. Who never talked here costs the gateway nothing before he opens it.
    if (thisTab.read(OPEN_KEY) === true) client.setOpen(true);
    else if (session.isKnown || client.store.get().outbox.length) client.connect();
    const mounted = mount(client, new Language(locale), toggle);
    kefu.setLocale = (wish) => {
      locale = toLocale(wish) ?? locale;
      mounted.update(new Language(locale));
      client.localeChanged();
    };
    emit("kefu:ready", { websiteToken });
  };

  const kefu: Kefu = {
    toggle: (wish) => toggle(wish ? wish === "open" : !client.store.get().open),
    setUser: (id, user = {}) => {
      if (typeof id !== "string" || !id) throw new TypeError("$kefu.setUser needs the customer's id.");
      client.identify({ ...user, id });
    },
    setLocale: (wish) => {
      locale = toLocale(wish) ?? locale;
    },
    reset: () => client.reset(),
  };
  window.$kefu = kefu;

  window.addEventListener("storage", (event) => client.storageChanged(event));
  window.addEventListener("online", () => client.wake());
  window.addEventListener("pageshow", (event) => event.persisted && client.wake());
  document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && client.wake());
  // One turn of the event loop later, so that a setUser right behind run is part of the first session.
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start, { once: true });
  else setTimeout(start, 0);
}

/** Unguessable, and without the colon that only the bot's ids have. */
function randomId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

window.kefuSDK = { run };
