/** Closes a gap in the log by reading after the cursor. */
import type { Message, MessagesPage } from "../../../shared/wire";
import { takePage, type Log } from "./log";

/**
 * Reads until there is nothing new. `log` is null once the reader has gone to another conversation. Raises what `read`
 * raises, and RangeError for a gap that reading again does not close.
 */
export async function catchUp(
  log: () => Log | null,
  read: (after: number) => Promise<MessagesPage>,
  accept: (log: Log, added: Message[]) => void,
): Promise<void> {
  for (;;) {
    const before = log();
    if (!before) return;
    const page = await read(before.cursor);
    const now = log();
    if (!now) return;
    const taken = takePage(now, page.items);
    accept(taken.log, taken.added);
    if (taken.gap) throw new RangeError(`nothing follows ${taken.log.cursor}`);
    if (!taken.added.length) return;
  }
}
