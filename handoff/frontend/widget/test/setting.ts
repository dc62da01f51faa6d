/** A chat client over a fake socket and a scripted HTTP side. Times are vitest's fake ones. */
import { vi } from "vitest";
import type { MessagesPage, ServerFrame, SessionReply } from "../../shared/wire";
import { ChatClient } from "../src/chat/client";
import { WidgetApi } from "../src/net/api";
import { Session } from "../src/net/session";
import { WebsiteStorage } from "../src/net/storage";
import { FakeSocket } from "./fake_socket";
import { MemoryStorage } from "./memory_storage";

export const BASE = "https://chat.example";

export interface Call {
  method: string;
  path: string;
  token: string | null;
  body: Record<string, unknown> | null;
}

export type Answer = (call: Call) => { status: number; body: unknown; retryAfter?: number } | "network" | undefined;

export function sessionReply(change: Partial<SessionReply> = {}): SessionReply {
  return {
    token: "token-1",
    conversation_id: "c1",
    customer_id: "k1",
    verified: false,
    locale: "zh-Hans",
    config: { title: { zh: "店", en: "Shop" }, greeting: { zh: "您好", en: "Hello" } },
    ...change,
  };
}

export class Setting {
  readonly calls: Call[] = [];
  readonly events: { name: string; detail: unknown }[] = [];
  readonly client: ChatClient;
  readonly session: Session;
  private ids = 0;

  constructor(
    public answer: Answer = () => undefined,
    readonly backing: Storage = new MemoryStorage(),
    idPrefix = "id",
  ) {
    const api = new WidgetApi(BASE, (input, init) => this.fetch(String(input), init ?? {}));
    const storage = new WebsiteStorage("site", backing);
    this.session = new Session("site", api, storage, () => "zh-Hans");
    this.client = new ChatClient({
      api,
      session: this.session,
      storage,
      emit: (name, detail) => this.events.push({ name, detail }),
      openSocket: (address) => new FakeSocket(address) as unknown as WebSocket,
      random: () => 0,
      newId: () => `${idPrefix}-${++this.ids}`,
    });
  }

  get state() {
    return this.client.store.get();
  }

  /** Opens the chat up to the gateway's hello. */
  async online(hello: Partial<Extract<ServerFrame, { type: "hello" }>> = {}): Promise<FakeSocket> {
    this.client.connect();
    return this.greet(hello);
  }

  async greet(hello: Partial<Extract<ServerFrame, { type: "hello" }>> = {}): Promise<FakeSocket> {
    await settle();
    const socket = FakeSocket.last;
    socket.accepts();
    socket.says({ type: "hello", conversation_id: "c1", owner: { type: "bot", name: null }, last_seq: 0, ...hello });
    return socket;
  }

  callsTo(path: string): Call[] {
    return this.calls.filter((call) => call.path.startsWith(path));
  }

  private async fetch(address: string, init: RequestInit): Promise<Response> {
    const headers = (init.headers ?? {}) as Record<string, string>;
    const call: Call = {
      method: init.method ?? "GET",
      path: address.replace(`${BASE}/api/v1/widget`, ""),
      token: headers.Authorization?.replace("Bearer ", "") ?? null,
      body: typeof init.body === "string" ? (JSON.parse(init.body) as Record<string, unknown>) : null,
    };
    this.calls.push(call);
    const scripted = this.answer(call);
    if (scripted === "network") throw new TypeError("failed to fetch");
    if (scripted) {
      const retry: Record<string, string> = scripted.retryAfter ? { "Retry-After": String(scripted.retryAfter) } : {};
      return new Response(JSON.stringify(scripted.body), { status: scripted.status, headers: retry });
    }
    if (call.path === "/sessions") return new Response(JSON.stringify(sessionReply()), { status: 200 });
    if (call.path === "/sessions/reset") return new Response("{}", { status: 200 });
    const page: MessagesPage = { items: [], last_seq: 0, owner: { type: "bot", name: null } };
    return new Response(JSON.stringify(page), { status: 200 });
  }
}

/** Lets everything run that is ready to run, and no time pass. */
export async function settle(): Promise<void> {
  await vi.advanceTimersByTimeAsync(0);
}
