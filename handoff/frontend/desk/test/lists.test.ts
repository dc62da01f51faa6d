import { describe, expect, it } from "vitest";
import { EMPTY_LISTS, loadPage, markRead, newer, noteMessage, place, unread } from "../src/stores/lists";
import { ME, message, summary, waiting } from "./facts";

const owner = (type: "bot" | "queue" | "agent", id: string | null, epoch: number) => ({ type, id, name: id, epoch });

describe("the lists", () => {
  it("move a conversation from the queue to mine when I have accepted it", () => {
    const queued = place(EMPTY_LISTS, waiting("c1"), ME);
    expect(queued.ids).toMatchObject({ queue: ["c1"], mine: [], all: ["c1"] });
    const accepted = place(queued, summary("c1"), ME);
    expect(accepted.ids).toMatchObject({ queue: [], mine: ["c1"], all: ["c1"] });
  });

  it("take it from me when a colleague has it", () => {
    const mine = place(EMPTY_LISTS, summary("c1"), ME);
    expect(place(mine, summary("c1", { owner: owner("agent", "a2", 4) }), ME).ids.mine).toEqual([]);
  });

  it("show a resolved one only among the resolved", () => {
    const lists = place(EMPTY_LISTS, summary("c1", { status: "resolved", owner: owner("bot", null, 5) }), ME);
    expect(lists.ids).toMatchObject({ resolved: ["c1"], bot: [], all: [] });
  });

  it("order the queue by priority, then by who waits longest", () => {
    const lists = [
      waiting("new", { waiting_since: "2026-11-22T08:09:00Z" }),
      waiting("old", { waiting_since: "2026-11-22T08:01:00Z" }),
      waiting("urgent", { waiting_since: "2026-11-22T08:10:00Z", priority: "urgent" }),
      waiting("high", { waiting_since: "2026-11-22T08:10:00Z", priority: "high" }),
    ].reduce((all, one) => place(all, one, ME), EMPTY_LISTS);
    expect(lists.ids.queue).toEqual(["urgent", "high", "old", "new"]);
  });

  it("order mine by the latest message, and a new message brings one to the top", () => {
    const last = (minute: number) => ({
      seq: 1,
      sender: "customer" as const,
      text: "?",
      created_at: `2026-11-22T08:0${minute}:00Z`,
    });
    let lists = place(EMPTY_LISTS, summary("a", { last_message: last(1) }), ME);
    lists = place(lists, summary("b", { last_message: last(2) }), ME);
    expect(lists.ids.mine).toEqual(["b", "a"]);
    const result = noteMessage(lists, "a", message(2, { created_at: "2026-11-22T08:05:00Z" }), ME);
    expect(result.lists.ids.mine).toEqual(["a", "b"]);
    expect(result.lists.summaries.a?.last_seq).toBe(2);
  });

  it("ignore an answer that is older than what is known", () => {
    const known = summary("c1", { owner: owner("agent", "a2", 5) });
    const lists = place(EMPTY_LISTS, known, ME);
    expect(place(lists, waiting("c1"), ME).ids.queue).toEqual([]);
    expect(newer(known, summary("c1", { owner: owner("agent", "a1", 4), last_seq: 99 }))).toBe(known);
  });

  it("drop what the first page no longer names, and keep it when a further page is added", () => {
    const before = loadPage(EMPTY_LISTS, "mine", [summary("a"), summary("b")], ME, true);
    expect(loadPage(before, "mine", [summary("b")], ME, true).ids.mine).toEqual(["b"]);
    expect(loadPage(before, "mine", [summary("c")], ME, false).ids.mine).toEqual(["a", "b", "c"]);
  });

  it("do not put a row back that a frame moved away while the page was on its way", () => {
    const moved = place(EMPTY_LISTS, summary("c1", { owner: owner("agent", "a2", 7) }), ME);
    expect(loadPage(moved, "queue", [waiting("c1")], ME, true).ids.queue).toEqual([]);
  });

  it("ask to be re-read for a conversation they do not know", () => {
    expect(noteMessage(EMPTY_LISTS, "new", message(1), ME).known).toBe(false);
  });

  it("never show a private message as the preview", () => {
    const lists = place(EMPTY_LISTS, summary("c1"), ME);
    const note = message(2, { private: true, kind: "note", sender: "agent" });
    expect(noteMessage(lists, "c1", note, ME).lists.summaries.c1?.last_message?.text).toBe("在吗");
  });

  it("count what I have not read, and nothing after my own answer", () => {
    const lists = place(EMPTY_LISTS, summary("c1", { last_seq: 5, read_seq: 3 }), ME);
    expect(unread(lists.summaries.c1!)).toBe(2);
    expect(unread(markRead(lists, "c1", 5).summaries.c1!)).toBe(0);
    const answered = { seq: 5, sender: "agent" as const, text: "", created_at: "2026-11-22T08:00:01Z" };
    expect(unread(summary("c1", { last_seq: 5, last_message: answered }))).toBe(0);
  });
});
