/** What the views show, and a store that tells them when it changes. */
import type { PublicOwner, QueuePlace, SessionReply } from "../../../shared/wire";
import type { ConnectionState } from "../net/connection";
import { emptyLog, type Log } from "./log";
import type { Outbox } from "./outbox";

/** Something the customer must know now; `until` (milliseconds since the epoch) when it passes by itself. */
export interface Notice {
  code: string;
  message: string;
  until: number | null;
}

export interface ChatState {
  readonly open: boolean;
  readonly connection: ConnectionState;
  /** True once a connection stood: from then on a lost one is "reconnecting", not "connecting". */
  readonly wasUp: boolean;
  readonly session: SessionReply | null;
  readonly conversationId: string | null;
  readonly log: Log;
  readonly outbox: Outbox;
  readonly owner: PublicOwner | null;
  readonly queue: QueuePlace | null;
  readonly typing: "agent" | "bot" | null;
  readonly notice: Notice | null;
  readonly readSeq: number;
}

export const initialState: ChatState = {
  open: false,
  connection: "idle",
  wasUp: false,
  session: null,
  conversationId: null,
  log: emptyLog,
  outbox: [],
  owner: null,
  queue: null,
  typing: null,
  notice: null,
  readSeq: 0,
};

export class Store<T extends object> {
  private readonly listeners = new Set<() => void>();

  constructor(private value: T) {}

  get(): T {
    return this.value;
  }

  set(change: Partial<T>): void {
    const differs = (Object.keys(change) as (keyof T)[]).some((key) => change[key] !== this.value[key]);
    if (!differs) return;
    this.value = { ...this.value, ...change };
    for (const listener of [...this.listeners]) listener();
  }

  /** Returns the way to stop. */
  subscribe(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }
}
