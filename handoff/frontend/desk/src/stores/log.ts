import type { Message } from "../api/types";

/** A message on its way: shown at once, replaced by the fact from the log. */
export interface Pending {
  clientId: string;
  text: string;
  private: boolean;
  state: "sending" | "failed";
  /** An error code; the view has the words. */
  error: string | null;
  createdAt: string;
}

/**
 * One conversation as the desk holds it: a gapless, ascending run of messages and what is still being sent.
 * All functions here are pure: they return a new log and never touch the old one.
 */
export interface Log {
  items: readonly Message[];
  pending: readonly Pending[];
}

export const EMPTY_LOG: Log = { items: [], pending: [] };

export function lastSeq(log: Log): number {
  return log.items.at(-1)?.seq ?? 0;
}

export function firstSeq(log: Log): number {
  return log.items[0]?.seq ?? 0;
}

function withoutSent(pending: readonly Pending[], arrived: readonly Message[]): readonly Pending[] {
  const sent = new Set(arrived.map((message) => message.client_id).filter(Boolean));
  return pending.some((one) => sent.has(one.clientId)) ? pending.filter((one) => !sent.has(one.clientId)) : pending;
}

/**
 * Append the next message, replace one we have, or (`gap`) leave the log as it is: the caller re-reads after `lastSeq`.
 * A message from before what is loaded is history for `merge` to bring, not news.
 */
export function receive(log: Log, message: Message): { log: Log; gap: boolean } {
  if (message.seq > lastSeq(log)) {
    // Agents see every message, so for them the seqs themselves are dense.
    if (message.seq !== lastSeq(log) + 1) return { log, gap: true };
    return { log: { items: [...log.items, message], pending: withoutSent(log.pending, [message]) }, gap: false };
  }
  return { log: message.seq < firstSeq(log) ? log : merge(log, [message]), gap: false };
}

/**
 * Put a page into the run: one that ends where the run begins, begins where it ends, or overlaps it.
 * A message that is there twice is kept once, the newer copy.
 */
export function merge(log: Log, page: readonly Message[]): Log {
  if (page.length === 0) return log;
  const bySeq = new Map([...log.items, ...page].map((message) => [message.seq, message]));
  const items = [...bySeq.values()].sort((a, b) => a.seq - b.seq);
  return { items, pending: withoutSent(log.pending, page) };
}

export function startSending(log: Log, pending: Pending): Log {
  const others = log.pending.filter((one) => one.clientId !== pending.clientId);
  return { ...log, pending: [...others, { ...pending, state: "sending", error: null }] };
}

/** A message whose fact is already in the log did not fail, whatever its request says. */
export function sendingFailed(log: Log, clientId: string, error: string): Log {
  if (log.items.some((message) => message.client_id === clientId)) return discard(log, clientId);
  return {
    ...log,
    pending: log.pending.map((one) => (one.clientId === clientId ? { ...one, state: "failed" as const, error } : one)),
  };
}

export function discard(log: Log, clientId: string): Log {
  return { ...log, pending: log.pending.filter((one) => one.clientId !== clientId) };
}

/** The `after` and `limit` of the page before what is loaded; null when the start is there. */
export function olderPage(log: Log, size: number): { after: number; limit: number } | null {
  const first = firstSeq(log);
  if (first <= 1) return null;
  const after = Math.max(0, first - 1 - size);
  return { after, limit: first - 1 - after };
}

/** The page to open a conversation with: its newest `size` messages. */
export function newestPage(last: number, size: number): { after: number; limit: number } {
  return { after: Math.max(0, last - size), limit: size };
}
