/**
 * A small gateway for trying the widget without the real one: the customer's side of docs/interfaces.md section 6,
 * in memory, and strict about what it is sent. `node test/fake_gateway.ts` needs a Node that strips types; the
 * tests import it.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { WebSocketServer, type WebSocket } from "ws";
import type { ClientFrame, Content, Message, PublicOwner, QueuePlace, Sender, ServerFrame } from "../shared/wire.ts";

export const WEBSITE_TOKEN = "site-for-tests";

interface Conversation {
  id: string;
  log: Message[];
  owner: PublicOwner;
  queue: QueuePlace | null;
  sent: Map<string, { seq: number; body: string }>;
  wake: Set<() => void>;
  sockets: Set<WebSocket>;
}

export interface FakeOptions {
  /** Refuse WebSocket upgrades, as some proxies do. */
  withoutSockets?: boolean;
  /** Called for every new message of a customer. */
  onMessage?: (gateway: FakeGateway, conversation: Conversation, text: string) => void;
  /** Serves other paths: the page and the script. */
  serve?: (request: IncomingMessage, response: ServerResponse) => boolean;
}

export class FakeGateway {
  readonly conversations = new Map<string, Conversation>();
  readonly tokens = new Map<string, string>();
  /** Set to refuse the next messages with 429. */
  rateLimited = 0;
  private readonly server: Server;
  private readonly sockets: WebSocketServer;
  private count = 0;

  constructor(private readonly options: FakeOptions = {}) {
    this.server = createServer((request, response) => void this.handle(request, response));
    this.sockets = new WebSocketServer({ noServer: true, maxPayload: 64 * 1024 });
    this.server.on("upgrade", (request, socket, head) => {
      if (this.options.withoutSockets || request.url !== "/ws/customer") return socket.destroy();
      this.sockets.handleUpgrade(request, socket, head, (ws) => this.welcome(ws));
    });
  }

  async start(port = 0): Promise<string> {
    await new Promise<void>((resolve) => this.server.listen(port, "127.0.0.1", resolve));
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    for (const socket of this.sockets.clients) socket.terminate();
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  /** Closes every socket, as a restart does. */
  dropSockets(code = 1012): void {
    for (const socket of this.sockets.clients) socket.close(code);
  }

  append(
    conversation: Conversation,
    sender: Sender,
    name: string | null,
    content: Content,
    clientId?: string,
  ): Message {
    const last = conversation.log[conversation.log.length - 1]?.seq ?? 0;
    const message: Message = { seq: last + 1, prev: last, sender, name, content, created_at: new Date().toISOString() };
    if (clientId) message.client_id = clientId;
    conversation.log.push(message);
    this.push(conversation, { type: "message", ...message });
    for (const wake of conversation.wake) wake();
    return message;
  }

  setOwner(conversation: Conversation, owner: PublicOwner, queue: QueuePlace | null = null): void {
    conversation.owner = owner;
    conversation.queue = queue;
    this.push(conversation, { type: "owner", owner });
    if (queue) this.push(conversation, { type: "queue", ...queue });
  }

  push(conversation: Conversation, frame: ServerFrame): void {
    for (const socket of conversation.sockets) socket.send(JSON.stringify(frame));
  }

  private openSession(body: { website_token?: string; token?: string; locale?: string }) {
    if (body.website_token !== WEBSITE_TOKEN) return refusal(404, "unknown_website");
    let token = body.token && this.tokens.has(body.token) ? body.token : null;
    if (body.token && !token) return refusal(401, "unauthenticated");
    if (!token) {
      token = `token-${++this.count}`;
      const id = `conversation-${this.count}`;
      const owner: PublicOwner = { type: "bot", name: null };
      this.tokens.set(token, id);
      this.conversations.set(id, {
        id,
        log: [],
        owner,
        queue: null,
        sent: new Map(),
        wake: new Set(),
        sockets: new Set(),
      });
    }
    return {
      status: 200,
      body: {
        token,
        conversation_id: this.tokens.get(token),
        customer_id: `customer-of-${token}`,
        verified: false,
        locale: body.locale ?? "zh-Hans",
        config: {
          title: { zh: "青禾商店客服", en: "Greenfield Store" },
          greeting: {
            zh: "您好，我是青禾商店的智能客服。查订单、问物流、退换货，都可以直接告诉我。",
            en: "Hello! Ask me about orders, deliveries, returns and products.",
          },
        },
      },
    };
  }

  /** The seq of the message, new or repeated, or a refusal. */
  private receive(conversation: Conversation, clientId: unknown, text: unknown, optionId: unknown) {
    if (typeof clientId !== "string" || !/^[A-Za-z0-9_-]{1,64}$/.test(clientId)) return refusal(422, "invalid");
    if (this.rateLimited > 0) {
      this.rateLimited--;
      return refusal(429, "rate_limited", 1);
    }
    const option = conversation.log
      .flatMap((message) => ("options" in message.content ? (message.content.options ?? []) : []))
      .find((candidate) => candidate.id === optionId);
    const words = optionId === undefined ? text : option?.title;
    if (typeof words !== "string" || !words.trim()) return refusal(optionId === undefined ? 422 : 404, "invalid");
    const before = conversation.sent.get(clientId);
    if (before) return before.body === words ? { status: 202, seq: before.seq } : refusal(422, "client_id_reused");
    const message = this.append(conversation, "customer", null, { type: "text", text: words }, clientId);
    conversation.sent.set(clientId, { seq: message.seq, body: words });
    setTimeout(() => this.options.onMessage?.(this, conversation, words), 0);
    return { status: 202, seq: message.seq };
  }

  private async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    response.setHeader("Access-Control-Allow-Origin", "*");
    response.setHeader("Access-Control-Allow-Headers", "authorization, content-type");
    if (request.method === "OPTIONS") return void response.writeHead(204).end();
    const url = new URL(request.url ?? "/", "http://localhost");
    const answer = (status: number, body: unknown): void => {
      response.writeHead(status, { "Content-Type": "application/json" }).end(JSON.stringify(body));
    };
    if (!url.pathname.startsWith("/api/v1/widget/")) {
      if (!this.options.serve?.(request, response)) answer(404, { code: "not_found", message: "" });
      return;
    }
    const body = request.method === "POST" ? await readJson(request) : {};
    if (url.pathname === "/api/v1/widget/sessions") {
      const reply = this.openSession(body);
      return answer(reply.status, reply.body);
    }
    const token = (request.headers.authorization ?? "").replace(/^Bearer /, "");
    const conversation = this.conversations.get(this.tokens.get(token) ?? "");
    if (!conversation) return answer(401, { code: "unauthenticated", message: "" });
    if (url.pathname === "/api/v1/widget/sessions/reset") {
      this.tokens.delete(token);
      return answer(200, {});
    }
    if (url.pathname.startsWith("/api/v1/widget/uploads/")) {
      response.writeHead(200, { "Content-Type": "image/png" }).end(Buffer.from(PICTURE, "base64"));
      return;
    }
    if (request.method === "POST") {
      const result = this.receive(conversation, body.client_id, body.text, body.option_id);
      if (!("seq" in result)) return answer(result.status, result.body);
      return answer(202, { seq: result.seq, owner: conversation.owner, queue: conversation.queue });
    }
    const after = Number(url.searchParams.get("after"));
    const items = () => conversation.log.filter((message) => message.seq > after);
    if (!items().length) await this.news(conversation, request, Number(url.searchParams.get("wait") ?? 0));
    answer(200, { items: items(), last_seq: conversation.log.length, owner: conversation.owner });
  }

  private news(conversation: Conversation, request: IncomingMessage, seconds: number): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        conversation.wake.delete(done);
        resolve();
      };
      const timer = setTimeout(done, seconds * 1000);
      conversation.wake.add(done);
      request.on("close", done);
    });
  }

  private welcome(socket: WebSocket): void {
    let conversation: Conversation | undefined;
    socket.on("message", (data) => {
      const frame = JSON.parse(String(data)) as ClientFrame;
      if (!conversation) {
        conversation = frame.type === "auth" ? this.conversations.get(this.tokens.get(frame.token) ?? "") : undefined;
        if (frame.type !== "auth" || !conversation) return socket.close(4401);
        const { id, owner, queue, log } = conversation;
        const send = (reply: ServerFrame): void => socket.send(JSON.stringify(reply));
        send({ type: "hello", conversation_id: id, owner, queue, last_seq: log.length });
        for (const message of log) if (message.seq > frame.after) send({ type: "message", ...message });
        conversation.sockets.add(socket);
        return;
      }
      this.answer(conversation, socket, frame);
    });
    socket.on("close", () => conversation?.sockets.delete(socket));
  }

  private answer(conversation: Conversation, socket: WebSocket, frame: ClientFrame): void {
    const send = (reply: ServerFrame): void => socket.send(JSON.stringify(reply));
    if (frame.type === "ping") return send({ type: "pong" });
    if (frame.type !== "message" && frame.type !== "choice") return;
    const text = frame.type === "message" ? frame.text : undefined;
    const option = frame.type === "choice" ? frame.option_id : undefined;
    const result = this.receive(conversation, frame.client_id, text, option);
    if ("seq" in result) send({ type: "ack", client_id: frame.client_id, seq: result.seq });
    else send({ type: "error", client_id: frame.client_id, ...result.body, retry_after: result.retryAfter });
  }
}

function refusal(status: number, code: string, retryAfter: number | null = null) {
  return { status, body: { code, message: code }, retryAfter };
}

async function readJson(request: IncomingMessage): Promise<Record<string, string>> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return JSON.parse(Buffer.concat(chunks).toString() || "{}") as Record<string, string>;
}

/** A green pixel. */
const PICTURE = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkqP//HwAEAwIAy5NBMwAAAABJRU5ErkJggg==";
