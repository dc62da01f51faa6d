import type { Http } from "./http";
import { newId } from "./ids";
import type {
  Agent,
  Case,
  CaseStatus,
  ConversationStatus,
  Detail,
  FaqResult,
  Message,
  MessagePage,
  OwnerType,
  Page,
  Presence,
  Summary,
  Team,
} from "./types";

export interface ListQuery {
  owner: "me" | "any" | OwnerType;
  status?: ConversationStatus;
  q?: string;
  cursor?: string | null;
  limit?: number;
}

export interface TransferTarget {
  team_id?: string;
  agent_id?: string;
  note?: string;
}

/** Every call the desk makes, one method each. Verbs carry an Idempotency-Key and, where owned, the epoch they saw. */
export class DeskApi {
  constructor(private readonly http: Http) {}

  login(email: string, password: string): Promise<{ token: string; expires_at: string; agent: Agent }> {
    return this.http.send("POST", "/auth/login", { body: { email, password } });
  }

  logout(): Promise<void> {
    return this.verb("/auth/logout", {});
  }

  me(): Promise<Agent> {
    return this.http.get("/me");
  }

  setStatus(status: Presence): Promise<Agent | undefined> {
    return this.http.send("PUT", "/me/status", { body: { status }, idempotencyKey: newId("verb") });
  }

  agents(): Promise<Page<Agent>> {
    return this.http.get("/agents");
  }

  teams(): Promise<Page<Team>> {
    return this.http.get("/teams");
  }

  conversations(query: ListQuery, signal?: AbortSignal): Promise<Page<Summary>> {
    return this.http.get("/conversations", { ...query }, signal);
  }

  conversation(id: string): Promise<Detail> {
    return this.http.get(`/conversations/${encodeURIComponent(id)}`);
  }

  messages(id: string, after: number, limit: number): Promise<MessagePage> {
    return this.http.get(`/conversations/${encodeURIComponent(id)}/messages`, { after, limit });
  }

  /** `force` lets a supervisor go over the capacity. */
  accept(id: string, force = false): Promise<Summary> {
    return this.act(id, "accept", force ? { force: true } : {});
  }

  decline(id: string): Promise<Summary> {
    return this.act(id, "decline", {});
  }

  /** The client id is the key as well: a repeat is the same message. */
  reply(id: string, epoch: number, text: string, clientId: string): Promise<{ message: Message }> {
    return this.act(id, "reply", { epoch, text, client_id: clientId }, clientId);
  }

  note(id: string, text: string, clientId: string): Promise<{ message: Message }> {
    return this.act(id, "note", { text, client_id: clientId }, clientId);
  }

  transfer(id: string, epoch: number, target: TransferTarget): Promise<Summary> {
    return this.act(id, "transfer", { epoch, ...target });
  }

  handBack(id: string, epoch: number, note?: string): Promise<Summary> {
    return this.act(id, "hand_back", { epoch, ...(note ? { note } : {}) });
  }

  resolve(id: string, epoch: number, outcome?: string): Promise<Summary> {
    return this.act(id, "resolve", { epoch, ...(outcome ? { outcome } : {}) });
  }

  reopen(id: string): Promise<Summary> {
    return this.act(id, "reopen", {});
  }

  read(id: string, seq: number): Promise<Summary | undefined> {
    return this.act(id, "read", { seq });
  }

  setCaseStatus(id: string, status: CaseStatus, note?: string): Promise<Case> {
    return this.verb(`/cases/${encodeURIComponent(id)}/status`, { status, ...(note ? { note } : {}) });
  }

  suggest(query: string, locale: string): Promise<{ results: FaqResult[] }> {
    return this.http.send("POST", "/faq/suggest", { body: { query, locale } });
  }

  upload(id: string): Promise<Blob> {
    return this.http.blob(`/uploads/${encodeURIComponent(id)}`);
  }

  private act<T>(id: string, verb: string, body: unknown, key?: string): Promise<T> {
    return this.verb(`/conversations/${encodeURIComponent(id)}/${verb}`, body, key);
  }

  private verb<T>(path: string, body: unknown, key = newId("verb")): Promise<T> {
    return this.http.send("POST", path, { body, idempotencyKey: key });
  }
}
