import { describe, expect, test } from "vitest";
import * as outbox from "../src/chat/outbox";
import { KEPT_MILLISECONDS, OutboxShelf } from "../src/chat/shelf";
import { WebsiteStorage } from "../src/net/storage";
import { MemoryStorage } from "./memory_storage";

const entry = (id: string, at: number) => outbox.newEntry(id, `text of ${id}`, null, at);

describe("the outbox", () => {
  test("that the oldest unsent message travels first, whatever the order of putting", () => {
    const box = outbox.put(outbox.put([], entry("b", 2)), entry("a", 1));
    expect(outbox.head(box)?.clientId).toBe("a");
  });

  test("that the same client id is put once", () => {
    const box = outbox.put([], entry("a", 1));
    expect(outbox.put(box, { ...entry("a", 1), text: "changed" })).toBe(box);
  });

  test("that an acknowledged one is shown as sent until the log has it", () => {
    let box = outbox.put(outbox.put([], entry("a", 1)), entry("b", 2));
    box = outbox.acknowledged(box, "a", 7);
    expect(outbox.head(box)?.clientId).toBe("b");
    expect(box[0]).toMatchObject({ state: "sent", seq: 7 });
    expect(outbox.settled(box, "a", 7).map((item) => item.clientId)).toEqual(["b"]);
    expect(outbox.settled(box, null, 7).map((item) => item.clientId)).toEqual(["b"]);
  });

  test("that a refused one no longer holds up the others, and can be tried again with the same id", () => {
    let box = outbox.put(outbox.put([], entry("a", 1)), entry("b", 2));
    box = outbox.refused(box, "a", "too_large");
    expect(outbox.head(box)?.clientId).toBe("b");
    box = outbox.retried(box, "a", 3);
    expect(box.map((item) => [item.clientId, item.state])).toEqual([
      ["b", "sending"],
      ["a", "sending"],
    ]);
  });

  test("that a refusal after the ack changes nothing", () => {
    const box = outbox.acknowledged(outbox.put([], entry("a", 1)), "a", 7);
    expect(outbox.refused(box, "a", "late")[0]?.state).toBe("sent");
  });

  test("that words and pressed buttons become different frames", () => {
    expect(outbox.toFrame(entry("a", 1))).toEqual({ type: "message", client_id: "a", text: "text of a" });
    const pressed = outbox.newEntry("b", "Yes", "option-1", 1);
    expect(outbox.toFrame(pressed)).toEqual({ type: "choice", client_id: "b", option_id: "option-1" });
  });
});

describe("the shelf", () => {
  const build = () => {
    const backing = new MemoryStorage();
    return { backing, shelf: new OutboxShelf(new WebsiteStorage("site", backing)) };
  };

  test("that a reload finds what was not acknowledged, oldest first and ready to be sent", () => {
    const { backing, shelf } = build();
    shelf.keep(entry("b", 2));
    shelf.keep({ ...entry("a", 1), state: "failed" });
    shelf.keep(entry("c", 3));
    shelf.drop("c");
    const loaded = new OutboxShelf(new WebsiteStorage("site", backing)).load(10);
    expect(loaded).toEqual([entry("a", 1), entry("b", 2)]);
  });

  test("that another website's messages are not touched", () => {
    const { backing, shelf } = build();
    const other = new OutboxShelf(new WebsiteStorage("other", backing));
    other.keep(entry("x", 1));
    shelf.clear();
    expect(shelf.load(1)).toEqual([]);
    expect(other.load(1)).toHaveLength(1);
  });

  test("that damaged and stale ones are thrown away", () => {
    const { backing, shelf } = build();
    backing.setItem("kefu:site:out:broken", "{not json");
    backing.setItem("kefu:site:out:wrong", '{"clientId": 5}');
    shelf.keep(entry("old", 1));
    expect(shelf.load(KEPT_MILLISECONDS + 2)).toEqual([]);
    expect(backing.length).toBe(0);
  });

  test("that a browser without storage still sends, for this page", () => {
    const shelf = new OutboxShelf(new WebsiteStorage("site", null));
    shelf.keep(entry("a", 1));
    expect(shelf.load(2)).toHaveLength(1);
  });
});
