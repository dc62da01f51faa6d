import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { FakeSocket } from "./fake_socket";
import { message } from "./messages";
import { sessionReply, Setting, settle } from "./setting";

beforeEach(() => {
  vi.useFakeTimers();
  FakeSocket.all = [];
});
afterEach(() => void vi.useRealTimers());

const own = (seq: number, clientId: string, text: string) =>
  ({ type: "message", ...message(seq, { sender: "customer", clientId, text }) }) as const;

describe("connecting", () => {
  test("that the first frame authenticates with the cursor, and the address carries no token", async () => {
    const setting = new Setting();
    const socket = await setting.online();
    expect(socket.address).toBe("wss://chat.example/ws/customer");
    expect(socket.sent[0]).toEqual({ type: "auth", token: "token-1", after: 0 });
    expect(setting.state.connection).toBe("online");
  });

  test("that a lost connection comes back with the cursor and without a new session", async () => {
    const setting = new Setting();
    const socket = await setting.online({ last_seq: 2 });
    socket.says({ type: "message", ...message(1) });
    socket.says({ type: "message", ...message(2) });
    socket.closes(1006);
    expect(setting.state.connection).toBe("waiting");
    await vi.advanceTimersByTimeAsync(250); // half of the first half second: random is 0
    const again = await setting.greet({ last_seq: 2 });
    expect(again).not.toBe(socket);
    expect(again.sent[0]).toMatchObject({ type: "auth", after: 2 });
    expect(setting.callsTo("/sessions")).toHaveLength(1);
  });

  test("that every failure makes the pause longer", async () => {
    const setting = new Setting(() => "network");
    setting.client.connect();
    const times: number[] = [];
    for (let step = 0; step < 200; step++) {
      if (setting.calls.length > times.length) times.push(Date.now());
      await vi.advanceTimersByTimeAsync(50);
    }
    const pauses = times.slice(1).map((time, index) => time - times[index]!);
    expect(pauses.slice(0, 4)).toEqual([250, 350, 400, 550]);
  });

  test("that silence is answered by a ping, and no pong by a new connection", async () => {
    const setting = new Setting();
    const socket = await setting.online();
    await vi.advanceTimersByTimeAsync(25_000);
    expect(socket.sentOf("ping")).toHaveLength(1);
    socket.says({ type: "pong" });
    await vi.advanceTimersByTimeAsync(25_000);
    expect(socket.sentOf("ping")).toHaveLength(2);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(socket.isClosed).toBe(true);
    await vi.advanceTimersByTimeAsync(1000);
    expect(FakeSocket.all).toHaveLength(2);
  });

  test("that 4401 drops the token and begins a new session", async () => {
    const setting = new Setting();
    const socket = await setting.online();
    setting.answer = (call) =>
      call.path === "/sessions"
        ? { status: 200, body: sessionReply({ token: "token-2", conversation_id: "c2" }) }
        : undefined;
    socket.closes(4401);
    await settle();
    expect(setting.callsTo("/sessions")[1]?.body).not.toHaveProperty("token");
    const again = await setting.greet({ conversation_id: "c2" });
    expect(again.sent[0]).toMatchObject({ token: "token-2", after: 0 });
  });

  test("that a gateway which refuses every token is not hammered", async () => {
    const setting = new Setting();
    setting.client.connect();
    for (let elapsed = 0; elapsed < 5000; elapsed += 50) {
      await vi.advanceTimersByTimeAsync(50);
      const socket = FakeSocket.last;
      if (!socket.isClosed) {
        socket.accepts();
        socket.closes(4401);
      }
    }
    expect(FakeSocket.all.length).toBeLessThanOrEqual(8);
  });

  test("that a page which may not chat is told, once, and nothing is tried again", async () => {
    const setting = new Setting(() => ({ status: 403, body: { code: "origin_not_allowed", message: "no" } }));
    setting.client.connect();
    await vi.advanceTimersByTimeAsync(120_000);
    expect(setting.state.connection).toBe("refused");
    expect(setting.calls).toHaveLength(1);
    expect(setting.events).toEqual([
      { name: "kefu:error", detail: { code: "origin_not_allowed", message: "no", retry_after: null } },
    ]);
  });

  test("that 4403 refuses too", async () => {
    const setting = new Setting();
    const socket = await setting.online();
    socket.closes(4403);
    expect(setting.state.connection).toBe("refused");
  });

  test("that too many connections are left alone for a while", async () => {
    const setting = new Setting();
    const socket = await setting.online();
    socket.closes(4429);
    await vi.advanceTimersByTimeAsync(9_000);
    expect(FakeSocket.all).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(4_000);
    expect(FakeSocket.all).toHaveLength(2);
  });

  test("that unknown and damaged frames are skipped", async () => {
    const setting = new Setting();
    const socket = await setting.online();
    for (const raw of ["", "null", "[1]", "{", '{"type":"weather"}', '"text"']) socket.saysRaw(raw);
    socket.says({ type: "message", ...message(1) });
    expect(setting.state.log.cursor).toBe(1);
  });
});

describe("polling", () => {
  async function failTwice(setting: Setting): Promise<void> {
    setting.client.connect();
    await settle();
    FakeSocket.last.closes(1006);
    await vi.advanceTimersByTimeAsync(300);
    FakeSocket.last.closes(1006);
    await settle();
  }

  test("that two failed WebSockets lead to HTTP, which reads and sends the same", async () => {
    const log = [message(1)];
    const setting = new Setting((call) => {
      if (call.path.startsWith("/messages?")) {
        const after = Number(new URLSearchParams(call.path.split("?")[1]).get("after"));
        const items = log.filter((item) => item.seq > after);
        return { status: 200, body: { items, last_seq: log.length, owner: { type: "bot", name: null } } };
      }
      if (call.path === "/messages") {
        const { client_id, text } = call.body as { client_id: string; text: string };
        log.push(message(2, { sender: "customer", clientId: client_id, text }));
        return { status: 202, body: { seq: 2, owner: { type: "queue", name: null }, queue: { position: 1 } } };
      }
      return undefined;
    });
    await failTwice(setting);
    expect(setting.state.connection).toBe("polling");
    expect(setting.state.log.cursor).toBe(1);
    setting.client.send("你好");
    await settle();
    expect(setting.callsTo("/messages").filter((call) => call.method === "POST")).toMatchObject([
      { token: "token-1", body: { client_id: "id-1", text: "你好" } },
    ]);
    expect(setting.state.owner?.type).toBe("queue");
    expect(setting.state.queue?.position).toBe(1);
    await vi.advanceTimersByTimeAsync(3000);
    expect(setting.state.log.items.map((item) => item.seq)).toEqual([1, 2]);
    expect(setting.state.outbox).toEqual([]);
  });

  test("that a new conversation is noticed while polling", async () => {
    const log: Record<string, number[]> = { c1: [1, 2], c2: [1] };
    let current = "c1";
    const setting = new Setting((call) => {
      if (!call.path.startsWith("/messages?")) return undefined;
      const after = Number(new URLSearchParams(call.path.split("?")[1]).get("after"));
      const items = log[current]!.filter((seq) => seq > after).map((seq) => message(seq, { text: current }));
      const body = { items, last_seq: 1, conversation_id: current, owner: { type: "bot", name: null } };
      return { status: 200, body };
    });
    await failTwice(setting);
    expect(setting.state.log.cursor).toBe(2);
    current = "c2";
    await vi.advanceTimersByTimeAsync(3000);
    expect(setting.state.log.items).toMatchObject([{ seq: 1, content: { text: "c2" } }]);
  });

  test("that a page forbidding WebSockets is served by HTTP at once", async () => {
    const setting = new Setting();
    vi.spyOn(FakeSocket.all, "push").mockImplementation(() => {
      throw new DOMException("blocked by CSP", "SecurityError");
    });
    setting.client.connect();
    await settle();
    expect(setting.state.connection).toBe("polling");
  });

  test("that a gateway which does not wait is not asked in a tight loop", async () => {
    const setting = new Setting();
    await failTwice(setting);
    const before = setting.calls.length;
    await vi.advanceTimersByTimeAsync(10_000);
    expect(setting.calls.length - before).toBeLessThanOrEqual(11);
  });

  test("that a failing poll goes back to the WebSocket", async () => {
    const setting = new Setting();
    await failTwice(setting);
    setting.answer = () => "network";
    await vi.advanceTimersByTimeAsync(1500);
    expect(setting.state.connection).not.toBe("polling");
    setting.answer = () => undefined;
    await vi.advanceTimersByTimeAsync(5_000);
    expect(FakeSocket.all.length).toBe(3);
  });
});

describe("sending", () => {
  test("that a message goes from sending to sent to the log, without being shown twice", async () => {
    const setting = new Setting();
    const socket = await setting.online();
    setting.client.send("  你好  ");
    expect(setting.state.outbox).toMatchObject([{ clientId: "id-1", text: "你好", state: "sending" }]);
    socket.says({ type: "ack", client_id: "id-1", seq: 1 });
    expect(setting.state.outbox).toMatchObject([{ state: "sent", seq: 1 }]);
    expect(setting.backing.length).toBe(1); // the session alone
    socket.says(own(1, "id-1", "你好"));
    expect(setting.state.outbox).toEqual([]);
    expect(setting.state.log.items).toHaveLength(1);
  });

  test("that an empty message is not sent", async () => {
    const setting = new Setting();
    const socket = await setting.online();
    setting.client.send(" \n ");
    expect(socket.sentOf("message")).toEqual([]);
  });

  test("that messages travel one at a time, in the order of writing", async () => {
    const setting = new Setting();
    const socket = await setting.online();
    setting.client.send("one");
    setting.client.choose("o1", "two");
    expect(socket.sentOf("choice")).toEqual([]);
    socket.says({ type: "ack", client_id: "id-1", seq: 1 });
    expect(socket.sentOf("choice")).toEqual([{ type: "choice", client_id: "id-2", option_id: "o1" }]);
  });

  test("that what was not acknowledged is sent again after a reconnect, with the same id", async () => {
    const setting = new Setting();
    const socket = await setting.online();
    setting.client.send("你好");
    expect(socket.sentOf("message")).toHaveLength(1);
    socket.closes(1006);
    await vi.advanceTimersByTimeAsync(500);
    const again = await setting.greet();
    expect(again.sentOf("message")).toEqual(socket.sentOf("message"));
  });

  test("that what was not acknowledged is sent again after a reload, with the same id", async () => {
    const setting = new Setting();
    const socket = await setting.online();
    setting.client.send("你好");
    const reloaded = new Setting(() => undefined, setting.backing, "other");
    expect(reloaded.state.outbox).toMatchObject([{ clientId: "id-1", state: "sending" }]);
    const again = await reloaded.online();
    expect(again.sentOf("message")).toEqual(socket.sentOf("message"));
    expect(reloaded.callsTo("/sessions")[0]?.body).toMatchObject({ token: "token-1" });
  });

  test("that a message which the log has by then is not sent again", async () => {
    const setting = new Setting();
    await setting.online();
    setting.client.send("你好");
    FakeSocket.last.closes(1006);
    await vi.advanceTimersByTimeAsync(500);
    const again = await setting.greet({ last_seq: 1 });
    again.says(own(1, "id-1", "你好"));
    expect(setting.state.outbox).toEqual([]);
    expect(setting.backing.getItem("kefu:site:out:id-1")).toBeNull();
  });

  test("that a missing ack takes the connection for dead", async () => {
    const setting = new Setting();
    const socket = await setting.online();
    setting.client.send("你好");
    await vi.advanceTimersByTimeAsync(12_000);
    expect(socket.isClosed).toBe(true);
    const again = await setting.greet();
    expect(again.sentOf("message")).toEqual(socket.sentOf("message"));
  });

  test("that rate_limited is shown with its wait and the message goes out after it", async () => {
    const setting = new Setting();
    const socket = await setting.online();
    setting.client.send("one");
    socket.says({ type: "error", code: "rate_limited", message: "slow down", client_id: "id-1", retry_after: 3 });
    expect(setting.state.notice).toMatchObject({ code: "rate_limited", until: Date.now() + 3000 });
    expect(setting.events).toMatchObject([{ name: "kefu:error", detail: { code: "rate_limited", retry_after: 3 } }]);
    setting.client.send("two");
    expect(socket.sentOf("message")).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(3000);
    expect(socket.sentOf("message").map((frame) => frame.text)).toEqual(["one", "one"]);
    expect(setting.state.notice).toBeNull();
  });

  test("that a refusal for good is marked, keeps the rest going and can be retried or discarded", async () => {
    const setting = new Setting();
    const socket = await setting.online();
    setting.client.send("one");
    setting.client.send("two");
    socket.says({ type: "error", code: "too_large", message: "", client_id: "id-1" });
    expect(setting.state.outbox).toMatchObject([{ state: "failed", code: "too_large" }, { state: "sending" }]);
    expect(socket.sentOf("message").map((frame) => frame.text)).toEqual(["one", "two"]);
    setting.client.discard("id-1");
    expect(setting.state.outbox).toHaveLength(1);
  });

  test("that a frame too big for the gateway is not sent again and again", async () => {
    const setting = new Setting();
    const socket = await setting.online();
    setting.client.send("a very long text");
    socket.closes(4413);
    await vi.advanceTimersByTimeAsync(500);
    const again = await setting.greet();
    expect(again.sentOf("message")).toEqual([]);
    expect(setting.state.outbox).toMatchObject([{ state: "failed", code: "too_large" }]);
  });
});

describe("reading", () => {
  test("that a gap is read again over HTTP and shown in order", async () => {
    const missing = [message(2), message(3), message(4)];
    const setting = new Setting((call) => {
      if (!call.path.startsWith("/messages?after=1")) return undefined;
      return { status: 200, body: { items: missing, last_seq: 4, owner: { type: "bot", name: null } } };
    });
    const socket = await setting.online({ last_seq: 1 });
    socket.says({ type: "message", ...message(1) });
    socket.says({ type: "message", ...message(4) });
    expect(setting.state.log.cursor).toBe(1);
    await settle();
    expect(setting.state.log.items.map((item) => item.seq)).toEqual([1, 2, 3, 4]);
  });

  test("that a gap which cannot be read again leads to a new connection with the old cursor", async () => {
    const setting = new Setting((call) => (call.path.startsWith("/messages?") ? "network" : undefined));
    const socket = await setting.online({ last_seq: 1 });
    socket.says({ type: "message", ...message(1) });
    socket.says({ type: "message", ...message(3) });
    await settle();
    expect(socket.isClosed).toBe(true);
    const again = await setting.greet({ last_seq: 3 });
    expect(again.sent[0]).toMatchObject({ after: 1 });
  });

  test("that two tabs of one customer both see everything once", async () => {
    const first = new Setting();
    const socketOfFirst = await first.online();
    const second = new Setting(() => undefined, first.backing, "other");
    const socketOfSecond = await second.online();
    first.client.send("你好");
    for (const socket of [socketOfFirst, socketOfSecond]) {
      socket.says(own(1, "id-1", "你好"));
      socket.says({ type: "message", ...message(2) });
    }
    socketOfFirst.says({ type: "ack", client_id: "id-1", seq: 1 });
    for (const tab of [first, second]) {
      expect(tab.state.log.items.map((item) => item.seq)).toEqual([1, 2]);
      expect(tab.state.outbox).toEqual([]);
    }
  });

  test("that a new conversation starts an empty log and asks for it from its beginning", async () => {
    const setting = new Setting();
    const socket = await setting.online({ last_seq: 1 });
    socket.says({ type: "message", ...message(1) });
    socket.closes(1012);
    await vi.advanceTimersByTimeAsync(500);
    const again = await setting.greet({ conversation_id: "c2", last_seq: 1 });
    expect(again.isClosed).toBe(true);
    expect(setting.state.log.items).toEqual([]);
    const third = await setting.greet({ conversation_id: "c2", last_seq: 1 });
    expect(third.sent[0]).toMatchObject({ after: 0 });
    third.says({ type: "message", ...message(1) });
    expect(setting.events).toHaveLength(1);
    third.closes(1006);
    await vi.advanceTimersByTimeAsync(500);
    const fourth = await setting.greet({ conversation_id: "c2", last_seq: 1 });
    expect(fourth.sent[0]).toMatchObject({ after: 1 });
    expect(setting.state.log.items).toHaveLength(1);
    expect(setting.events).toHaveLength(1);
  });

  test("that a customer who is moved to a new conversation while connected reads that one from its start", async () => {
    const setting = new Setting();
    const socket = await setting.online({ last_seq: 1 });
    socket.says({ type: "message", ...message(1) });
    setting.client.send("again");
    socket.says({ type: "hello", conversation_id: "c2", owner: { type: "bot", name: null }, last_seq: 0 });
    const again = await setting.greet({ conversation_id: "c2", last_seq: 1 });
    again.says(own(1, "id-1", "again"));
    expect(setting.state.log.items).toMatchObject([{ seq: 1, client_id: "id-1" }]);
    expect(setting.state.outbox).toEqual([]);
  });

  test("that what was read on another device is not unread here", async () => {
    const setting = new Setting();
    await setting.online({ last_seq: 3, read_seq: 3 });
    expect(setting.state.readSeq).toBe(3);
  });

  test("that only news is announced to the page, not the history", async () => {
    const setting = new Setting();
    const socket = await setting.online({ last_seq: 1 });
    socket.says({ type: "message", ...message(1) });
    socket.says({ type: "message", ...message(2, { sender: "agent" }) });
    expect(setting.events.map((event) => event.name)).toEqual(["kefu:on-message"]);
    expect(setting.events[0]?.detail).toMatchObject({ seq: 2 });
  });

  test("that reading is told to the gateway only while the panel is open", async () => {
    const setting = new Setting();
    const socket = await setting.online();
    socket.says({ type: "message", ...message(1) });
    expect(socket.sentOf("read")).toEqual([]);
    setting.client.setOpen(true);
    expect(socket.sentOf("read")).toEqual([{ type: "read", seq: 1 }]);
    expect(setting.state.readSeq).toBe(1);
    const reloaded = new Setting(() => undefined, setting.backing);
    await reloaded.online({ last_seq: 1 });
    expect(reloaded.state.readSeq).toBe(1);
  });

  test("that the queue is shown, announced and gone when somebody accepts", async () => {
    const setting = new Setting();
    const socket = await setting.online({ owner: { type: "queue", name: null } });
    socket.says({ type: "queue", position: 3, wait_seconds: { p50: 60, p90: 180 } });
    expect(setting.state.queue?.position).toBe(3);
    expect(setting.events).toMatchObject([{ name: "kefu:queue", detail: { position: 3 } }]);
    socket.says({ type: "owner", owner: { type: "agent", name: "思雨" } });
    expect(setting.state.queue).toBeNull();
    expect(setting.state.owner).toEqual({ type: "agent", name: "思雨" });
  });

  test("that typing is shown for a while, and until the answer comes", async () => {
    const setting = new Setting();
    const socket = await setting.online({ owner: { type: "agent", name: "思雨" } });
    socket.says({ type: "typing", sender: "agent" });
    expect(setting.state.typing).toBe("agent");
    await vi.advanceTimersByTimeAsync(6000);
    expect(setting.state.typing).toBeNull();
    socket.says({ type: "typing", sender: "agent" });
    socket.says({ type: "message", ...message(1, { sender: "agent" }) });
    expect(setting.state.typing).toBeNull();
  });

  test("that own typing is told to a human, at most every three seconds, and never to the bot", async () => {
    const setting = new Setting();
    const socket = await setting.online();
    setting.client.typing();
    expect(socket.sentOf("typing")).toHaveLength(0);
    socket.says({ type: "owner", owner: { type: "agent", name: "思雨" } });
    setting.client.typing();
    setting.client.typing();
    expect(socket.sentOf("typing")).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(3000);
    setting.client.typing();
    expect(socket.sentOf("typing")).toHaveLength(2);
  });
});

describe("the session", () => {
  test("that an expired stored token is replaced by a new session", async () => {
    const setting = new Setting();
    await setting.online();
    const later = new Setting(
      (call) =>
        call.body?.token === "token-1"
          ? { status: 401, body: { code: "unauthenticated", message: "" } }
          : call.path === "/sessions"
            ? { status: 200, body: sessionReply({ token: "token-2", conversation_id: "c2" }) }
            : undefined,
      setting.backing,
    );
    const socket = await later.online({ conversation_id: "c2" });
    expect(socket.sent[0]).toMatchObject({ token: "token-2" });
  });

  test("that naming the customer sends his proof with the anonymous token", async () => {
    const setting = new Setting();
    await setting.online();
    setting.client.identify({ id: "c001", name: "林晓", identifier_hash: "ab12" });
    await setting.greet();
    expect(setting.callsTo("/sessions")).toHaveLength(2);
    expect(setting.callsTo("/sessions")[1]?.body).toEqual({
      website_token: "site",
      locale: "zh-Hans",
      token: "token-1",
      identifier: "c001",
      identifier_hash: "ab12",
      name: "林晓",
    });
  });

  test("that another customer never gets the token, log or unsent messages of the one before", async () => {
    const setting = new Setting();
    setting.client.identify({ id: "c001", identifier_hash: "ab12" });
    const socket = await setting.greet();
    socket.says({ type: "message", ...message(1, { text: "secret" }) });
    setting.client.send("for c001 only");
    setting.answer = (call) =>
      call.path === "/sessions"
        ? { status: 200, body: sessionReply({ token: "token-2", conversation_id: "c2" }) }
        : undefined;
    setting.client.identify({ id: "c002", identifier_hash: "cd34" });
    const again = await setting.greet({ conversation_id: "c2" });
    expect(setting.callsTo("/sessions")[1]?.body).not.toHaveProperty("token");
    expect(setting.state.log.items).toEqual([]);
    expect(again.sentOf("message")).toEqual([]);
  });

  test("that a wrong proof is an error for the page, and the customer talks on as a guest", async () => {
    const setting = new Setting((call) =>
      call.body?.identifier_hash === "wrong"
        ? { status: 401, body: { code: "bad_identifier_hash", message: "" } }
        : undefined,
    );
    setting.client.identify({ id: "c001", identifier_hash: "wrong" });
    await settle();
    expect(setting.events).toMatchObject([{ name: "kefu:error", detail: { code: "bad_identifier_hash" } }]);
    await vi.advanceTimersByTimeAsync(500);
    await setting.greet();
    expect(setting.callsTo("/sessions")[1]?.body).not.toHaveProperty("identifier");
    expect(setting.state.connection).toBe("online");
  });

  test("that reset revokes the session, forgets everything and begins anew only when looked at", async () => {
    const setting = new Setting();
    const socket = await setting.online();
    socket.says({ type: "message", ...message(1) });
    setting.client.send("unsent");
    await setting.client.reset();
    expect(setting.callsTo("/sessions/reset")).toMatchObject([{ token: "token-1" }]);
    expect(setting.backing.length).toBe(0);
    expect(setting.state).toMatchObject({ connection: "idle", outbox: [], session: null });
    expect(setting.state.log.items).toEqual([]);
    setting.client.setOpen(true);
    await settle();
    expect(setting.callsTo("/sessions").at(-1)?.body).not.toHaveProperty("token");
  });

  test("that a session answered after another customer was named is not used", async () => {
    const setting = new Setting();
    setting.client.connect();
    setting.client.identify({ id: "c001", identifier_hash: "ab12" });
    const socket = await setting.greet();
    expect(socket.sent[0]).toMatchObject({ type: "auth" });
    expect(FakeSocket.all).toHaveLength(1);
    expect(setting.callsTo("/sessions").at(-1)?.body).toMatchObject({ identifier: "c001" });
  });
});
