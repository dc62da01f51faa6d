import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { ServerFrame } from "../src/api/types";
import {
  AgentSocket,
  backoff,
  HELLO_LIMIT_MS,
  PING_EVERY_MS,
  SILENCE_LIMIT_MS,
  type SocketLike,
} from "../src/socket/agentSocket";
import { ME } from "./facts";

class FakeWebSocket implements SocketLike {
  readyState = 0;
  onopen: SocketLike["onopen"] = null;
  onmessage: SocketLike["onmessage"] = null;
  onclose: SocketLike["onclose"] = null;
  onerror: SocketLike["onerror"] = null;
  sent: { type: string; token?: string }[] = [];
  closed = false;

  send(data: string): void {
    this.sent.push(JSON.parse(data) as { type: string });
  }

  close(): void {
    this.closed = true;
  }

  accept(): void {
    this.readyState = 1;
    this.onopen?.({});
  }

  say(frame: unknown): void {
    this.onmessage?.({ data: typeof frame === "string" ? frame : JSON.stringify(frame) });
  }

  end(code: number): void {
    this.readyState = 3;
    this.onclose?.({ code });
  }
}

function desk(token: () => string | null = () => "secret") {
  const sockets: FakeWebSocket[] = [];
  const frames: ServerFrame[] = [];
  const states: string[] = [];
  const onUnauthorized = vi.fn();
  const socket = new AgentSocket({
    url: () => "ws://test/ws/agent",
    token,
    open: () => {
      const fake = new FakeWebSocket();
      sockets.push(fake);
      return fake;
    },
    onFrame: (frame) => frames.push(frame),
    onState: (state) => states.push(state),
    onUnauthorized,
    random: () => 1,
  });
  const last = () => sockets.at(-1)!;
  const hello = () => {
    last().accept();
    last().say({ type: "hello", agent: ME });
  };
  return { socket, sockets, frames, states, onUnauthorized, last, hello };
}

describe("the desk's socket", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it("authenticates by its first frame and is online only after hello", () => {
    const { socket, states, last, hello } = desk();
    socket.start();
    last().accept();
    expect(last().sent).toEqual([{ type: "auth", token: "secret" }]);
    expect(states).toEqual(["connecting"]);
    hello();
    expect(states).toEqual(["connecting", "online"]);
  });

  it("beats every 20 seconds", () => {
    const { socket, last, hello } = desk();
    socket.start();
    hello();
    vi.advanceTimersByTime(PING_EVERY_MS);
    last().say({ type: "pong" });
    vi.advanceTimersByTime(PING_EVERY_MS);
    expect(last().sent.filter((frame) => frame.type === "ping")).toHaveLength(2);
  });

  it("reconnects with growing waits and says hello again", () => {
    const { socket, sockets, frames, states, last, hello } = desk();
    socket.start();
    hello();
    last().end(1012);
    expect(states.at(-1)).toBe("waiting");
    vi.advanceTimersByTime(499);
    expect(sockets).toHaveLength(1);
    vi.advanceTimersByTime(1);
    expect(sockets).toHaveLength(2);
    last().end(1006);
    vi.advanceTimersByTime(649);
    expect(sockets).toHaveLength(2);
    vi.advanceTimersByTime(1);
    hello();
    expect(frames.filter((frame) => frame.type === "hello")).toHaveLength(2);
    last().end(1006);
    vi.advanceTimersByTime(500);
    expect(sockets).toHaveLength(4);
  });

  it("waits no longer than a quarter of a minute, and never less than half of the step", () => {
    expect(backoff(30, () => 1)).toBe(15_000);
    expect(backoff(30, () => 0)).toBe(7_500);
    expect(backoff(0, () => 0)).toBe(250);
  });

  it("gives a connection up that has fallen silent", () => {
    const { socket, states, last, hello } = desk();
    socket.start();
    hello();
    vi.advanceTimersByTime(SILENCE_LIMIT_MS);
    expect(states.at(-1)).toBe("waiting");
    expect(last().closed).toBe(true);
  });

  it("gives a connection up that never says hello", () => {
    const { socket, states, last } = desk();
    socket.start();
    last().accept();
    vi.advanceTimersByTime(HELLO_LIMIT_MS);
    expect(states.at(-1)).toBe("waiting");
  });

  it.each([4401, 4409])("goes to the log-in instead of reconnecting after close code %i", (code) => {
    const { socket, sockets, states, onUnauthorized, last, hello } = desk();
    socket.start();
    hello();
    last().end(code);
    vi.advanceTimersByTime(60_000);
    expect(onUnauthorized).toHaveBeenCalledOnce();
    expect(states.at(-1)).toBe("idle");
    expect(sockets).toHaveLength(1);
  });

  it("waits the full time after 4429", () => {
    const { socket, sockets, last, hello } = desk();
    socket.start();
    hello();
    last().end(4429);
    vi.advanceTimersByTime(14_999);
    expect(sockets).toHaveLength(1);
    vi.advanceTimersByTime(1);
    expect(sockets).toHaveLength(2);
  });

  it("connects at once when the network is back", () => {
    const { socket, sockets, last, hello } = desk();
    socket.start();
    hello();
    last().end(1006);
    socket.retryNow();
    expect(sockets).toHaveLength(2);
    socket.retryNow();
    vi.advanceTimersByTime(1000);
    expect(sockets).toHaveLength(2);
  });

  it("ignores frames of a connection it has left, and what is not JSON", () => {
    const { socket, frames, last, hello } = desk();
    socket.start();
    hello();
    const old = last();
    const listener = old.onmessage!;
    old.say("not json");
    old.end(1006);
    listener({ data: JSON.stringify({ type: "pong" }) });
    expect(frames.map((frame) => frame.type)).toEqual(["hello"]);
  });

  it("sends nothing while it is not online, and stops for good", () => {
    const { socket, sockets, last, hello } = desk();
    socket.start();
    expect(socket.send({ type: "typing", conversation_id: "c1" })).toBe(false);
    hello();
    expect(socket.send({ type: "typing", conversation_id: "c1" })).toBe(true);
    socket.stop();
    expect(last().closed).toBe(true);
    vi.advanceTimersByTime(60_000);
    expect(sockets).toHaveLength(1);
  });

  it("asks for a log-in when there is no token", () => {
    const { socket, sockets, onUnauthorized } = desk(() => null);
    socket.start();
    expect(onUnauthorized).toHaveBeenCalledOnce();
    expect(sockets).toHaveLength(0);
  });
});
