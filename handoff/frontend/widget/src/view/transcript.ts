/** The log and the outbox as rows to show. Pure. */
import type { Message } from "../../../shared/wire";
import { lastOwnSeq, type Log } from "../chat/log";
import type { Outbox, OutboxEntry } from "../chat/outbox";

export type Row =
  | { kind: "day"; key: string; at: string }
  | { kind: "message"; key: string; message: Message; first: boolean; answerable: boolean; answer: string | null }
  | { kind: "pending"; key: string; entry: OutboxEntry };

/** A pause after which a name is shown again, although the sender is the same. */
const PAUSE_MS = 10 * 60 * 1000;

export function toRows(log: Log, outbox: Outbox): Row[] {
  const rows: Row[] = [];
  const answeredUpTo = outbox.some((entry) => entry.state !== "failed") ? Infinity : lastOwnSeq(log);
  let previous: Message | null = null;
  for (const [index, message] of log.items.entries()) {
    const newDay = !previous || dayOf(previous.created_at) !== dayOf(message.created_at);
    if (newDay) rows.push({ kind: "day", key: `day-${message.seq}`, at: message.created_at });
    const follows =
      previous !== null &&
      !newDay &&
      previous.sender === message.sender &&
      previous.name === message.name &&
      Date.parse(message.created_at) - Date.parse(previous.created_at) < PAUSE_MS;
    // The same key as its pending row had: the bubble stays where it is when the log takes it over.
    const key = message.sender === "customer" && message.client_id ? message.client_id : `seq-${message.seq}`;
    const answerable = message.seq > answeredUpTo;
    const answer = answerable ? null : nextOwnText(log, index, outbox);
    rows.push({ kind: "message", key, message, first: !follows, answerable, answer });
    previous = message;
  }
  const shown = new Set(log.items.map((message) => message.client_id));
  for (const entry of outbox) {
    if (!shown.has(entry.clientId)) rows.push({ kind: "pending", key: entry.clientId, entry });
  }
  return rows;
}

function nextOwnText(log: Log, index: number, outbox: Outbox): string | null {
  for (let next = index + 1; next < log.items.length; next++) {
    const message = log.items[next];
    if (message?.sender === "customer") return message.content.text;
  }
  return outbox.find((entry) => entry.state !== "failed")?.text ?? null;
}

function dayOf(iso: string): string {
  return new Date(iso).toDateString();
}
