import { describe, expect, it } from "vitest";
import {
  discard,
  EMPTY_LOG,
  lastSeq,
  merge,
  newestPage,
  olderPage,
  receive,
  sendingFailed,
  startSending,
  type Log,
  type Pending,
} from "../src/stores/log";
import { message } from "./facts";

const seqs = (log: Log) => log.items.map((one) => one.seq);
const pending = (clientId: string): Pending => ({
  clientId,
  text: "您好",
  private: false,
  state: "sending",
  error: null,
  createdAt: "2026-11-22T08:00:00Z",
});

describe("the log of a conversation", () => {
  const three = merge(EMPTY_LOG, [message(1), message(2), message(3)]);

  it("appends the next message", () => {
    const { log, gap } = receive(three, message(4));
    expect(gap).toBe(false);
    expect(seqs(log)).toEqual([1, 2, 3, 4]);
  });

  it("reports a gap and appends nothing when a message was missed", () => {
    const { log, gap } = receive(three, message(5));
    expect(gap).toBe(true);
    expect(log).toBe(three);
  });

  it("sees a gap even when the frame's prev claims there is none", () => {
    expect(receive(three, message(6, { prev: 3 })).gap).toBe(true);
  });

  it("is closed by the page after the last seq, whatever came meanwhile", () => {
    const behind = receive(three, message(4)).log;
    expect(seqs(merge(behind, [message(4), message(5), message(6)]))).toEqual([1, 2, 3, 4, 5, 6]);
  });

  it("keeps a message that arrives twice once", () => {
    const { log, gap } = receive(three, message(3));
    expect(gap).toBe(false);
    expect(seqs(log)).toEqual([1, 2, 3]);
  });

  it("takes the newer copy of a message it has", () => {
    const changed = message(2, { content: { type: "text", text: "changed" } });
    expect(receive(three, changed).log.items[1]?.content.text).toBe("changed");
  });

  it("does not let an old message make a hole above it", () => {
    const late = merge(EMPTY_LOG, [message(50), message(51)]);
    expect(seqs(receive(late, message(10)).log)).toEqual([50, 51]);
  });

  it("orders a page that comes unordered, and puts older pages before", () => {
    const log = merge(merge(EMPTY_LOG, [message(6), message(5)]), [message(4), message(3)]);
    expect(seqs(log)).toEqual([3, 4, 5, 6]);
    expect(lastSeq(log)).toBe(6);
  });

  it("never changes the log it was given", () => {
    const before = JSON.stringify(three);
    receive(three, message(4));
    merge(three, [message(9)]);
    startSending(three, pending("x"));
    expect(JSON.stringify(three)).toBe(before);
  });

  it("knows which page to read first and which before it", () => {
    expect(newestPage(200, 60)).toEqual({ after: 140, limit: 60 });
    expect(newestPage(20, 60)).toEqual({ after: 0, limit: 60 });
    expect(olderPage(merge(EMPTY_LOG, [message(141)]), 60)).toEqual({ after: 80, limit: 60 });
    expect(olderPage(merge(EMPTY_LOG, [message(31)]), 60)).toEqual({ after: 0, limit: 30 });
    expect(olderPage(three, 60)).toBeNull();
  });
});

describe("what is being sent", () => {
  const sending = startSending(EMPTY_LOG, pending("k1"));

  it("gives way to the fact from the log with the same client id", () => {
    const { log } = receive(sending, message(1, { sender: "agent", client_id: "k1" }));
    expect(log.pending).toEqual([]);
    expect(seqs(log)).toEqual([1]);
  });

  it("gives way to a fact that comes in a page", () => {
    expect(merge(sending, [message(1, { client_id: "k1" })]).pending).toEqual([]);
  });

  it("is not touched by other messages", () => {
    expect(receive(sending, message(1, { client_id: "k2" })).log.pending).toHaveLength(1);
  });

  it("shows its failure and keeps its text and id for another try", () => {
    const failed = sendingFailed(sending, "k1", "network");
    expect(failed.pending[0]).toMatchObject({ clientId: "k1", text: "您好", state: "failed", error: "network" });
    const again = startSending(failed, pending("k1"));
    expect(again.pending).toEqual([{ ...pending("k1"), state: "sending", error: null }]);
  });

  it("did not fail when its fact had already arrived", () => {
    const arrived = receive(sending, message(1, { client_id: "k1" })).log;
    expect(sendingFailed(arrived, "k1", "network").pending).toEqual([]);
  });

  it("can be given up", () => {
    expect(discard(sending, "k1").pending).toEqual([]);
  });
});
