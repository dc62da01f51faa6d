/** The customer's session with one website: the token in storage, who the shop says he is, and how it is renewed. */
import type { Locale, SessionReply } from "../../../shared/wire";
import { ApiError, type SessionRequest, type WidgetApi } from "./api";
import type { KeyValues } from "./storage";

/** Who the shop says its visitor is; `identifier_hash` proves it. */
export interface Identity {
  id: string;
  name?: string;
  email?: string;
  identifier_hash?: string;
}

interface StoredSession {
  token: string;
  conversationId: string;
  /** Whose token it is; null for an anonymous one. */
  identifier: string | null;
}

export const SESSION_KEY = "session";

export class Session {
  private identity: Identity | null = null;
  private reply: SessionReply | null = null;
  private generation = 0;
  private opening: Promise<SessionReply> | null = null;

  constructor(
    private readonly websiteToken: string,
    private readonly api: WidgetApi,
    private readonly storage: KeyValues,
    private readonly locale: () => Locale,
  ) {}

  /** True when this browser has talked here before. */
  get isKnown(): boolean {
    return this.stored() !== null;
  }

  /** What the gateway answered on this page; null before that. */
  get current(): SessionReply | null {
    return this.reply;
  }

  get token(): string | null {
    return this.reply?.token ?? null;
  }

  /** True when this page has a session of exactly this identity already. */
  isOf(identity: Identity): boolean {
    const known = this.identity;
    if (!known || !this.reply) return false;
    return (["id", "name", "email", "identifier_hash"] as const).every((key) => known[key] === identity[key]);
  }

  /** True when another person than before is named: then nothing of the old session may be used. */
  identify(identity: Identity): boolean {
    const before = this.stored()?.identifier ?? null;
    const another = before !== null && before !== identity.id;
    this.identity = identity;
    this.reload();
    if (another) this.storage.remove(SESSION_KEY);
    return another;
  }

  /** The session of this page, opened or resumed if need be. Raises ApiError. */
  async open(): Promise<SessionReply> {
    if (this.reply) return this.reply;
    const generation = this.generation;
    this.opening ??= this.begin(generation);
    try {
      const reply = await this.opening;
      // Somebody changed the session meanwhile: this answer is about the past.
      return generation === this.generation ? reply : await this.open();
    } finally {
      if (generation === this.generation) this.opening = null;
    }
  }

  /** The customer has moved to another conversation, on the same token. */
  moveTo(conversationId: string): void {
    if (!this.reply || this.reply.conversation_id === conversationId) return;
    this.reply = { ...this.reply, conversation_id: conversationId };
    this.store(this.reply);
  }

  /** The gateway no longer takes this token. If another tab has got a newer one, that is used next. */
  expire(token: string | null): void {
    this.reload();
    if (token && this.stored()?.token === token) this.storage.remove(SESSION_KEY);
  }

  /** Another tab changed the session: true when this tab's token is no longer the website's. */
  isOutdated(): boolean {
    return this.reply !== null && this.stored()?.token !== this.reply.token;
  }

  forget(): void {
    this.identity = null;
    this.reload();
    this.storage.remove(SESSION_KEY);
  }

  /** Adopt what another tab stored, at the next `open`. */
  reload(): void {
    this.reply = null;
    this.generation++;
    this.opening = null;
  }

  private begin(generation: number): Promise<SessionReply> {
    return oneTabAtATime(`kefu:${this.websiteToken}`, async () => {
      const reply = await this.ask();
      if (generation === this.generation) {
        this.reply = reply;
        this.store(reply);
      }
      return reply;
    });
  }

  private async ask(): Promise<SessionReply> {
    const stored = this.stored();
    try {
      return await this.api.openSession(this.request(stored?.token));
    } catch (error) {
      if (!(error instanceof ApiError) || error.status !== 401) throw error;
      if (this.identity && error.code === "bad_identifier_hash") {
        this.identity = null; // the shop's mistake: the customer can still talk, as nobody in particular
        throw error;
      }
      if (!stored) throw error;
      this.storage.remove(SESSION_KEY);
      return await this.api.openSession(this.request(undefined));
    }
  }

  private request(token: string | undefined): SessionRequest {
    const request: SessionRequest = { website_token: this.websiteToken, locale: this.locale() };
    if (token) request.token = token;
    if (this.identity) {
      request.identifier = this.identity.id;
      if (this.identity.identifier_hash) request.identifier_hash = this.identity.identifier_hash;
      if (this.identity.name) request.name = this.identity.name;
      if (this.identity.email) request.email = this.identity.email;
    }
    return request;
  }

  private store(reply: SessionReply): void {
    // A resumed session that nobody named on this page keeps the name it had.
    const identifier = this.identity?.id ?? this.stored()?.identifier ?? null;
    const stored: StoredSession = { token: reply.token, conversationId: reply.conversation_id, identifier };
    this.storage.write(SESSION_KEY, stored);
  }

  private stored(): StoredSession | null {
    const value = this.storage.read(SESSION_KEY) as Partial<StoredSession> | null;
    return value && typeof value.token === "string" ? (value as StoredSession) : null;
  }
}

/** Two tabs that open at once would else become two customers. */
async function oneTabAtATime<T>(name: string, work: () => Promise<T>): Promise<T> {
  const locks = (globalThis.navigator as Navigator | undefined)?.locks as LockManager | undefined;
  return locks ? ((await locks.request(name, work)) as T) : work();
}
