/**
 * What the customer sent and the gateway has not acknowledged yet. Pure; `OutboxShelf` keeps it over a reload.
 *
 * One message travels at a time, so that the log keeps the order in which they were written even when one of them is
 * refused for a while. Sending again uses the same client id, and the gateway answers it with the first one's seq.
 */
import type { ClientFrame } from "../../../shared/wire";

export interface OutboxEntry {
  readonly clientId: string;
  /** What the customer sees: the words written, or the title of the button pressed. */
  readonly text: string;
  /** Set for a pressed button. */
  readonly optionId: string | null;
  /** Milliseconds since the epoch; the order of sending. */
  readonly createdAt: number;
  readonly state: "sending" | "sent" | "failed";
  /** Set once acknowledged. */
  readonly seq: number | null;
  /** The refusal's code, when failed. */
  readonly code: string | null;
}

export type Outbox = readonly OutboxEntry[];

export function newEntry(clientId: string, text: string, optionId: string | null, createdAt: number): OutboxEntry {
  return { clientId, text, optionId, createdAt, state: "sending", seq: null, code: null };
}

/** With the entry at its place in time; an id that is there already stays as it is. */
export function put(outbox: Outbox, entry: OutboxEntry): Outbox {
  if (outbox.some((other) => other.clientId === entry.clientId)) return outbox;
  return [...outbox, entry].sort((a, b) => a.createdAt - b.createdAt);
}

/** The message that travels, or travels next. */
export function head(outbox: Outbox): OutboxEntry | null {
  return outbox.find((entry) => entry.state === "sending") ?? null;
}

export function acknowledged(outbox: Outbox, clientId: string, seq: number): Outbox {
  return change(outbox, clientId, (entry) => ({ ...entry, state: "sent", seq, code: null }));
}

/** Refused for good: only the customer can try again. */
export function refused(outbox: Outbox, clientId: string, code: string): Outbox {
  return change(outbox, clientId, (entry) => (entry.state === "sent" ? entry : { ...entry, state: "failed", code }));
}

/** The customer tries a failed one again, as the last one: what was written since has gone ahead. */
export function retried(outbox: Outbox, clientId: string, now: number): Outbox {
  const entry = outbox.find((other) => other.clientId === clientId && other.state === "failed");
  if (!entry) return outbox;
  return put(without(outbox, clientId), newEntry(entry.clientId, entry.text, entry.optionId, now));
}

export function without(outbox: Outbox, clientId: string): Outbox {
  return outbox.some((entry) => entry.clientId === clientId)
    ? outbox.filter((entry) => entry.clientId !== clientId)
    : outbox;
}

/** Without those that the log shows by now, known by their client id or their seq. */
export function settled(outbox: Outbox, clientId: string | null | undefined, seq: number): Outbox {
  const rest = outbox.filter((entry) => entry.clientId !== clientId && entry.seq !== seq);
  return rest.length === outbox.length ? outbox : rest;
}

export function toFrame(entry: OutboxEntry): ClientFrame {
  return entry.optionId === null
    ? { type: "message", client_id: entry.clientId, text: entry.text }
    : { type: "choice", client_id: entry.clientId, option_id: entry.optionId };
}

function change(outbox: Outbox, clientId: string, by: (entry: OutboxEntry) => OutboxEntry): Outbox {
  return outbox.map((entry) => (entry.clientId === clientId ? by(entry) : entry));
}
