/**
 * The customer's view of the conversation's log, with a cursor: the highest seq seen. Pure.
 *
 * The gateway sends every message with `prev`, the seq before it that this customer may see. A message whose `prev`
 * lies beyond the cursor tells of a gap, and is not taken: the reader reads again after the cursor instead.
 */
import type { Message } from "../../../shared/wire";

export interface Log {
  readonly items: readonly Message[];
  readonly cursor: number;
}

export const emptyLog: Log = { items: [], cursor: 0 };

export type Outcome = "added" | "duplicate" | "gap";

/** The log with the message, or the same log and why not. */
export function take(log: Log, message: Message): { log: Log; outcome: Outcome } {
  if (message.seq <= log.cursor) return { log, outcome: "duplicate" };
  if (message.prev > log.cursor) return { log, outcome: "gap" };
  return { log: { items: [...log.items, message], cursor: message.seq }, outcome: "added" };
}

/** Takes a page in order and stops at the first gap. `added` are the new ones. */
export function takePage(log: Log, page: readonly Message[]): { log: Log; added: Message[]; gap: boolean } {
  const added: Message[] = [];
  let current = log;
  for (const message of [...page].sort((a, b) => a.seq - b.seq)) {
    const step = take(current, message);
    if (step.outcome === "gap") return { log: current, added, gap: true };
    if (step.outcome === "added") added.push(message);
    current = step.log;
  }
  return { log: current, added, gap: false };
}

/** How many messages of others came after `readSeq`. */
export function unreadAfter(log: Log, readSeq: number): number {
  return log.items.filter((message) => message.seq > readSeq && isFromOthers(message)).length;
}

function isFromOthers(message: Message): boolean {
  return message.sender === "bot" || message.sender === "agent";
}

/** The seq of the customer's last message, 0 when there is none. Choices before it are used up. */
export function lastOwnSeq(log: Log): number {
  for (let index = log.items.length - 1; index >= 0; index--) {
    const message = log.items[index];
    if (message?.sender === "customer") return message.seq;
  }
  return 0;
}
