import { createPinia, setActivePinia } from "pinia";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { ApiError } from "../src/api/errors";
import type { Detail, Message } from "../src/api/types";
import { useConversations } from "../src/stores/conversations";
import { useQueue } from "../src/stores/queue";
import { useOffers } from "../src/stores/ringing";
import { useSession } from "../src/stores/session";
import { useSocket } from "../src/stores/socket";
import { useVerbs } from "../src/stores/verbs";
import { ME, message, summary, waiting } from "./facts";

/** A gateway with one conversation, whose log the test grows. */
function oneConversation(initial: Message[]) {
  const log = [...initial];
  const base = summary("c1", { last_seq: log.length, read_seq: log.length });
  const detail = {
    ...base,
    handoff: null,
    handoffs: [],
    turns: [],
    slots: {},
    cases: [],
    orders: [],
    previous: [],
  } as Detail;
  const api = useSession().api;
  vi.spyOn(api, "conversation").mockImplementation(async () => ({ ...detail, last_seq: log.length }));
  vi.spyOn(api, "conversations").mockResolvedValue({ items: [], next_cursor: null });
  vi.spyOn(api, "teams").mockResolvedValue({ items: [] });
  vi.spyOn(api, "me").mockResolvedValue(ME);
  vi.spyOn(api, "read").mockResolvedValue(undefined);
  const messages = vi.spyOn(api, "messages").mockImplementation(async (_id, after, limit) => ({
    items: log.slice(after, after + limit),
    last_seq: log.length,
  }));
  return { log, messages, api };
}

const created = (one: Message) =>
  ({ type: "message.created", conversation_id: "c1", seq: one.seq, epoch: 3, message: one }) as const;
const shown = () => useConversations().open.c1?.log.items.map((one) => one.seq);

beforeEach(() => {
  sessionStorage.clear();
  setActivePinia(createPinia());
  useSession().agent = { ...ME };
});

// Nothing that a test has set off may still run, with the real network, after it.
afterEach(() => {
  useConversations().reset();
  useOffers().reset();
  useSocket().stop();
});

describe("an open conversation", () => {
  it("appends the next message without asking the gateway", async () => {
    const { log, messages } = oneConversation([message(1), message(2)]);
    await useConversations().select("c1");
    messages.mockClear();
    log.push(message(3, { sender: "agent" }));
    useSocket().receive(created(log[2]!));
    expect(shown()).toEqual([1, 2, 3]);
    expect(messages).not.toHaveBeenCalled();
  });

  it("reads the gap after its own seq when a message was missed", async () => {
    const { log, messages } = oneConversation([message(1), message(2)]);
    await useConversations().select("c1");
    log.push(message(3), message(4), message(5));
    useSocket().receive(created(log[4]!));
    await vi.waitFor(() => expect(shown()).toEqual([1, 2, 3, 4, 5]));
    expect(messages).toHaveBeenLastCalledWith("c1", 2, 200);
  });

  it("catches up after a reconnection, because hello has no cursor", async () => {
    const { log } = oneConversation([message(1)]);
    await useConversations().select("c1");
    log.push(message(2), message(3));
    useSocket().receive({ type: "hello", agent: ME });
    await vi.waitFor(() => expect(shown()).toEqual([1, 2, 3]));
  });

  it("opens a long log at its end and loads older pages", async () => {
    oneConversation(Array.from({ length: 150 }, (_, index) => message(index + 1)));
    const conversations = useConversations();
    await conversations.select("c1");
    expect(shown()?.at(0)).toBe(91);
    await conversations.loadOlder("c1");
    await conversations.loadOlder("c1");
    expect(shown()).toEqual(Array.from({ length: 150 }, (_, index) => index + 1));
  });
});

describe("a conversation that was given away", () => {
  it("is read to its end, because its last words are not pushed to who gave it", async () => {
    const { log } = oneConversation([message(1)]);
    await useConversations().select("c1");
    log.push(message(2, { sender: "system" }));
    const resolved = summary("c1", {
      status: "resolved",
      last_seq: 2,
      owner: { type: "bot", id: null, name: null, epoch: 4 },
    });
    useSocket().receive({
      type: "conversation.updated",
      conversation_id: "c1",
      seq: 2,
      epoch: 4,
      conversation: resolved,
    });
    await vi.waitFor(() => expect(shown()).toEqual([1, 2]));
  });
});

describe("sending", () => {
  it("shows the message at once, sends the epoch it saw and keeps the fact", async () => {
    const { api } = oneConversation([message(1)]);
    const conversations = useConversations();
    await conversations.select("c1");
    const reply = vi.spyOn(api, "reply").mockImplementation(async (_id, _epoch, text, client_id) => ({
      message: message(2, { sender: "agent", client_id, content: { type: "text", text } }),
    }));
    const sending = conversations.send("c1", "您好", false);
    expect(conversations.open.c1?.log.pending).toHaveLength(1);
    await sending;
    expect(reply).toHaveBeenCalledWith("c1", 3, "您好", expect.any(String));
    expect(conversations.open.c1?.log.pending).toEqual([]);
    expect(shown()).toEqual([1, 2]);
  });

  it("keeps a failed message and sends it again under the same id", async () => {
    const { api } = oneConversation([message(1)]);
    const conversations = useConversations();
    await conversations.select("c1");
    const reply = vi.spyOn(api, "reply").mockRejectedValueOnce(new ApiError(0, "network", ""));
    await conversations.send("c1", "您好", false);
    const failed = conversations.open.c1!.log.pending[0]!;
    expect(failed).toMatchObject({ state: "failed", error: "network" });
    reply.mockImplementation(async (_id, _epoch, _text, client_id) => ({
      message: message(2, { sender: "agent", client_id }),
    }));
    await conversations.resend("c1", failed.clientId);
    expect(reply.mock.calls[1]?.[3]).toBe(reply.mock.calls[0]?.[3]);
    expect(conversations.open.c1?.log.pending).toEqual([]);
  });
});

describe("verbs", () => {
  it("tell who was faster, fall silent and read again", async () => {
    const { api } = oneConversation([message(1)]);
    const owner = { type: "agent" as const, id: "a2", name: "周铭", epoch: 9 };
    useQueue().update(waiting("c1"));
    useOffers().ring({
      conversation_id: "c1",
      handoff_id: "h1",
      expires_at: new Date(Date.now() + 30_000).toISOString(),
    });
    vi.spyOn(api, "accept").mockRejectedValue(new ApiError(409, "conversation_taken", "", { owner }));
    expect(await useVerbs().accept("c1")).toBe(false);
    expect(useVerbs().refusal).toMatchObject({ code: "conversation_taken", owner });
    expect(useOffers().current).toBeNull();
    expect(api.conversations).toHaveBeenCalledWith(expect.objectContaining({ owner: "queue" }));
    useOffers().reset();
  });

  it("move an accepted conversation to mine", async () => {
    const { api } = oneConversation([message(1)]);
    const queue = useQueue();
    queue.update(waiting("c1"));
    vi.spyOn(api, "accept").mockResolvedValue(summary("c1"));
    expect(await useVerbs().accept("c1")).toBe(true);
    expect(queue.lists.ids).toMatchObject({ mine: ["c1"], queue: [] });
  });

  it("are not sent twice while one is on its way", async () => {
    const { api } = oneConversation([message(1)]);
    useQueue().update(summary("c1"));
    const resolve = vi.spyOn(api, "resolve").mockResolvedValue(summary("c1", { status: "resolved" }));
    const both = await Promise.all([useVerbs().resolve("c1", ""), useVerbs().resolve("c1", "")]);
    expect(both).toEqual([true, false]);
    expect(resolve).toHaveBeenCalledExactlyOnceWith("c1", 3, "");
  });
});
