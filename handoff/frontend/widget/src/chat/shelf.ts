/** Keeps unacknowledged messages over a reload: one storage key each, so that two tabs never overwrite each other. */
import type { KeyValues } from "../net/storage";
import { newEntry, type Outbox, type OutboxEntry } from "./outbox";

const PREFIX = "out:";

/** After this long an unsent message is no longer what the customer means to say. */
export const KEPT_MILLISECONDS = 24 * 60 * 60 * 1000;

export class OutboxShelf {
  constructor(private readonly storage: KeyValues) {}

  /** What an earlier page left behind, oldest first; stale and damaged ones are thrown away. */
  load(now: number): Outbox {
    const entries: OutboxEntry[] = [];
    for (const key of this.storage.keys(PREFIX)) {
      const entry = parse(this.storage.read(key));
      if (entry && now - entry.createdAt < KEPT_MILLISECONDS) entries.push(entry);
      else this.storage.remove(key);
    }
    return entries.sort((a, b) => a.createdAt - b.createdAt);
  }

  keep(entry: OutboxEntry): void {
    const { clientId, text, optionId, createdAt } = entry;
    this.storage.write(PREFIX + clientId, { clientId, text, optionId, createdAt });
  }

  drop(clientId: string): void {
    this.storage.remove(PREFIX + clientId);
  }

  clear(): void {
    for (const key of this.storage.keys(PREFIX)) this.storage.remove(key);
  }
}

function parse(value: unknown): OutboxEntry | null {
  if (typeof value !== "object" || value === null) return null;
  const { clientId, text, optionId, createdAt } = value as Record<string, unknown>;
  if (typeof clientId !== "string" || typeof text !== "string" || typeof createdAt !== "number") return null;
  return newEntry(clientId, text, typeof optionId === "string" ? optionId : null, createdAt);
}
