import { describe, expect, test } from "vitest";
import { emptyLog, lastOwnSeq, take, takePage, unreadAfter } from "../src/chat/log";
import { message } from "./messages";

const upTo = (seq: number) =>
  takePage(
    emptyLog,
    Array.from({ length: seq }, (_, index) => message(index + 1)),
  ).log;

describe("the log", () => {
  test("that messages are added in order and move the cursor", () => {
    const log = upTo(3);
    expect(log.items.map((item) => item.seq)).toEqual([1, 2, 3]);
    expect(log.cursor).toBe(3);
  });

  test("that a message it has is a duplicate and changes nothing", () => {
    const log = upTo(3);
    expect(take(log, message(2))).toEqual({ log, outcome: "duplicate" });
    expect(take(log, message(3, { text: "another text" })).log).toBe(log);
  });

  test("that a message whose predecessor is unknown is a gap and is not taken", () => {
    const log = upTo(3);
    expect(take(log, message(5))).toEqual({ log, outcome: "gap" });
  });

  test("that seqs which this customer may not see are no gap", () => {
    // 4 and 5 are private: the gateway says that 3 comes before 6.
    const step = take(upTo(3), message(6, { prev: 3 }));
    expect(step.outcome).toBe("added");
    expect(step.log.cursor).toBe(6);
  });

  test("that a page that overlaps adds only what is new", () => {
    const { log, added, gap } = takePage(upTo(3), [message(2), message(3), message(4), message(5)]);
    expect(added.map((item) => item.seq)).toEqual([4, 5]);
    expect(log.items).toHaveLength(5);
    expect(gap).toBe(false);
  });

  test("that a page in disorder is put in order", () => {
    expect(takePage(emptyLog, [message(2), message(1), message(3)]).log.items.map((item) => item.seq)).toEqual([
      1, 2, 3,
    ]);
  });

  test("that a page with a hole is taken up to the hole", () => {
    const { log, gap } = takePage(upTo(1), [message(2), message(4)]);
    expect(log.cursor).toBe(2);
    expect(gap).toBe(true);
  });

  test("that every arrival order of duplicates and gaps ends, with re-reading, in the same log", () => {
    const all = Array.from({ length: 8 }, (_, index) => message(index + 1));
    let state = 7;
    const random = () => (state = (state * 48271) % 2147483647) / 2147483647;
    for (let round = 0; round < 200; round++) {
      let log = emptyLog;
      for (let step = 0; step < 20; step++) {
        const arriving = all[Math.floor(random() * all.length)]!;
        const taken = take(log, arriving);
        log = taken.outcome === "gap" ? takePage(log, all.slice(0, arriving.seq)).log : taken.log;
        expect(log.items.map((item) => item.seq)).toEqual(all.slice(0, log.cursor).map((item) => item.seq));
      }
    }
  });

  test("that unread counts what others said after the mark, and neither own nor system lines", () => {
    const { log } = takePage(emptyLog, [
      message(1),
      message(2, { sender: "customer" }),
      message(3, { sender: "system" }),
      message(4, { sender: "agent" }),
    ]);
    expect(unreadAfter(log, 0)).toBe(2);
    expect(unreadAfter(log, 1)).toBe(1);
    expect(unreadAfter(log, 4)).toBe(0);
  });

  test("that the last own seq is the customer's, 0 when there is none", () => {
    expect(lastOwnSeq(upTo(2))).toBe(0);
    expect(lastOwnSeq(takePage(emptyLog, [message(1, { sender: "customer" }), message(2)]).log)).toBe(1);
  });
});
