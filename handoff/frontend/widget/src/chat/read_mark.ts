/** How far the customer has read: kept for the other tabs and the next page, and told to the gateway. */
import type { KeyValues } from "../net/storage";
import type { ChatState, Store } from "./state";

export const READ_KEY = "read";

export class ReadMark {
  private told = 0;

  constructor(
    private readonly store: Store<ChatState>,
    private readonly storage: KeyValues,
  ) {}

  /** Everything in the log has been before the customer's eyes. Returns the seq if the gateway should hear of it. */
  move(canTell: boolean): number | null {
    const { log, readSeq, conversationId } = this.store.get();
    if (log.cursor > readSeq) {
      this.store.set({ readSeq: log.cursor });
      this.storage.write(READ_KEY, { conversationId, seq: log.cursor });
    }
    if (!canTell || log.cursor <= this.told) return null;
    this.told = log.cursor;
    return this.told;
  }

  /** Another device was further. */
  raise(seq: number): void {
    if (seq > this.store.get().readSeq) this.store.set({ readSeq: seq });
  }

  /** From the storage: for a conversation just entered, or after another tab moved the mark. */
  reload(): void {
    const value = this.storage.read(READ_KEY) as { conversationId?: string; seq?: number } | null;
    const isOfThis = value?.conversationId === this.store.get().conversationId;
    this.store.set({ readSeq: isOfThis ? (value?.seq ?? 0) : 0 });
  }

  /** Another conversation begins. */
  restart(): void {
    this.told = 0;
    this.reload();
  }

  forget(): void {
    this.told = 0;
    this.storage.remove(READ_KEY);
    this.store.set({ readSeq: 0 });
  }
}
