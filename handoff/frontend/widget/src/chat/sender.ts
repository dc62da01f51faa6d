/** Brings the outbox to the gateway, one message at a time, through reconnects, refusals and reloads. */
import type { ClientFrame, Message, ServerFrame } from "../../../shared/wire";
import {
  acknowledged,
  head,
  newEntry,
  put,
  refused,
  retried,
  settled,
  toFrame,
  without,
  type Outbox,
  type OutboxEntry,
} from "./outbox";
import type { OutboxShelf } from "./shelf";

/** Refusals that pass: the same message is sent again after the wait. */
const PASSING = new Set(["rate_limited", "too_many_requests", "unavailable", "busy", "not_ready", "network"]);

/** A gateway commits in milliseconds; without an ack after this long the connection is taken for dead. */
const ACK_WITHIN_MS = 12_000;
const DEFAULT_RETRY_SECONDS = 5;

export interface SenderHost {
  isUp(): boolean;
  deliver(frame: ClientFrame): void;
  /** No ack came. */
  onStuck(): void;
  onChange(outbox: Outbox): void;
}

export type Refusal = Extract<ServerFrame, { type: "error" }>;

export class Sender {
  private outbox: Outbox;
  private inFlight: string | null = null;
  private stuckTimer: ReturnType<typeof setTimeout> | undefined;
  private holdTimer: ReturnType<typeof setTimeout> | undefined;
  private heldUntil = 0;

  constructor(
    private readonly host: SenderHost,
    private readonly shelf: OutboxShelf,
    private readonly newId: () => string,
  ) {
    this.outbox = shelf.load(Date.now());
  }

  get entries(): Outbox {
    return this.outbox;
  }

  send(text: string, optionId: string | null): OutboxEntry {
    const last = this.outbox[this.outbox.length - 1]?.createdAt ?? 0;
    const entry = newEntry(this.newId(), text, optionId, Math.max(Date.now(), last + 1));
    this.shelf.keep(entry);
    this.change(put(this.outbox, entry));
    this.flush();
    return entry;
  }

  retry(clientId: string): void {
    this.change(retried(this.outbox, clientId, Date.now()));
    const entry = this.outbox.find((other) => other.clientId === clientId);
    if (entry) this.shelf.keep(entry);
    this.flush();
  }

  discard(clientId: string): void {
    this.shelf.drop(clientId);
    this.change(without(this.outbox, clientId));
  }

  /** Sends the next one, if the connection stands and nothing is on its way or held back. */
  flush(): void {
    if (!this.host.isUp() || this.inFlight !== null || Date.now() < this.heldUntil) return;
    const entry = head(this.outbox);
    if (!entry) return;
    this.inFlight = entry.clientId;
    this.stuckTimer = setTimeout(() => this.host.onStuck(), ACK_WITHIN_MS);
    this.host.deliver(toFrame(entry));
  }

  /** The connection is gone; what was on its way is sent again later. */
  interrupted(): void {
    this.landed();
  }

  acked(clientId: string, seq: number): void {
    this.shelf.drop(clientId);
    this.change(acknowledged(this.outbox, clientId, seq));
    if (clientId === this.inFlight) this.landed();
    this.flush();
  }

  /** The log shows it: no longer ours to show. */
  logged(message: Message): void {
    if (message.sender !== "customer") return;
    if (message.client_id) this.shelf.drop(message.client_id);
    this.change(settled(this.outbox, message.client_id, message.seq));
    if (message.client_id && message.client_id === this.inFlight) this.landed();
    this.flush();
  }

  /** Returns until when (milliseconds since the epoch) sending rests, or null when it was refused for good. */
  refusedBy(refusal: Refusal): number | null {
    const clientId = refusal.client_id ?? this.inFlight;
    const passes = PASSING.has(refusal.code) || Boolean(refusal.retry_after);
    if (clientId === this.inFlight) this.landed();
    if (passes) return this.hold(refusal.retry_after ?? DEFAULT_RETRY_SECONDS);
    if (clientId) {
      this.shelf.drop(clientId);
      this.change(refused(this.outbox, clientId, refusal.code));
    }
    this.flush();
    return null;
  }

  /** The message on its way can never be taken. */
  failCurrent(code: string): void {
    const clientId = this.inFlight ?? head(this.outbox)?.clientId;
    this.landed();
    if (!clientId) return;
    this.shelf.drop(clientId);
    this.change(refused(this.outbox, clientId, code));
  }

  clear(): void {
    this.landed();
    clearTimeout(this.holdTimer);
    this.heldUntil = 0;
    this.shelf.clear();
    this.change([]);
  }

  private hold(seconds: number): number {
    const milliseconds = Math.max(1, seconds) * 1000;
    this.heldUntil = Date.now() + milliseconds;
    clearTimeout(this.holdTimer);
    this.holdTimer = setTimeout(() => this.flush(), milliseconds);
    return this.heldUntil;
  }

  private landed(): void {
    clearTimeout(this.stuckTimer);
    this.inFlight = null;
  }

  private change(outbox: Outbox): void {
    if (outbox === this.outbox) return;
    this.outbox = outbox;
    this.host.onChange(outbox);
  }
}
