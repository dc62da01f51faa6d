import type { ClientFrame, ServerFrame } from "../api/types";

export type SocketState = "idle" | "connecting" | "online" | "waiting";

/** The part of WebSocket that is used, so that tests can give their own. */
export interface SocketLike {
  readyState: number;
  onopen: ((event: unknown) => void) | null;
  onmessage: ((event: { data: unknown }) => void) | null;
  onclose: ((event: { code: number }) => void) | null;
  onerror: ((event: unknown) => void) | null;
  send(data: string): void;
  close(code?: number): void;
}

export interface AgentSocketOptions {
  url: () => string;
  token: () => string | null;
  open?: (url: string) => SocketLike;
  onFrame: (frame: ServerFrame) => void;
  /** `retryAt` (ms since the epoch) only while waiting. */
  onState: (state: SocketState, retryAt: number | null) => void;
  /** The token is no longer good: log in again instead of reconnecting. */
  onUnauthorized: () => void;
  random?: () => number;
}

// Half of the gateway's presence TTL: one lost beat does not log an agent out.
export const PING_EVERY_MS = 20_000;
// Two beats without any frame: the connection is dead even if the browser has not noticed.
export const SILENCE_LIMIT_MS = 45_000;
// From the opening to `hello`; the gateway itself gives up on a silent client after 10 s.
export const HELLO_LIMIT_MS = 12_000;
const BACKOFF_FIRST_MS = 500;
const BACKOFF_MAX_MS = 15_000;
// As the widget's: a gateway that starts in three seconds has its desks back within four and a half.
const BACKOFF_GROWTH = 1.3;
const UNAUTHENTICATED = 4401;
const REVOKED = 4409;
const TOO_MANY = 4429;
const OPEN = 1;

/** Full jitter above a floor of half, so that a restarted gateway is not hit by every desk at once. */
export function backoff(attempt: number, random: () => number): number {
  const ceiling = Math.min(BACKOFF_MAX_MS, BACKOFF_FIRST_MS * BACKOFF_GROWTH ** Math.min(attempt, 20));
  return Math.round(ceiling / 2 + (ceiling / 2) * random());
}

/** idle → connecting → online → (closed) waiting → connecting …; `stop` leads back to idle from anywhere. */
export class AgentSocket {
  private socket: SocketLike | null = null;
  private attempt = 0;
  private state: SocketState = "idle";
  private retryTimer: ReturnType<typeof setTimeout> | undefined;
  private pingTimer: ReturnType<typeof setInterval> | undefined;
  private silenceTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly options: AgentSocketOptions) {}

  start(): void {
    if (this.state === "idle") this.connect();
  }

  stop(): void {
    this.drop();
    clearTimeout(this.retryTimer);
    this.attempt = 0;
    this.enter("idle");
  }

  /** Skip the wait: the browser says the network is back, or the agent asked. */
  retryNow(): void {
    if (this.state !== "waiting") return;
    clearTimeout(this.retryTimer);
    this.connect();
  }

  /** False when there is no connection: such frames (typing) are not worth keeping. */
  send(frame: ClientFrame): boolean {
    if (this.state !== "online" || this.socket?.readyState !== OPEN) return false;
    this.socket.send(JSON.stringify(frame));
    return true;
  }

  private connect(): void {
    const token = this.options.token();
    if (!token) {
      this.enter("idle");
      this.options.onUnauthorized();
      return;
    }
    this.enter("connecting");
    const open = this.options.open ?? ((url: string) => new WebSocket(url) as unknown as SocketLike);
    const socket = open(this.options.url());
    this.socket = socket;
    this.watchSilence(HELLO_LIMIT_MS);
    socket.onopen = () => socket.send(JSON.stringify({ type: "auth", token } satisfies ClientFrame));
    socket.onmessage = (event) => this.receive(socket, event.data);
    socket.onclose = (event) => this.closed(socket, event.code);
    socket.onerror = null;
  }

  private receive(socket: SocketLike, data: unknown): void {
    if (socket !== this.socket || typeof data !== "string") return;
    let frame: ServerFrame;
    try {
      frame = JSON.parse(data) as ServerFrame;
    } catch {
      return;
    }
    if (frame.type === "hello") {
      this.attempt = 0;
      clearInterval(this.pingTimer);
      this.pingTimer = setInterval(() => this.send({ type: "ping" }), PING_EVERY_MS);
      this.enter("online");
    }
    this.watchSilence(SILENCE_LIMIT_MS);
    this.options.onFrame(frame);
  }

  private watchSilence(limit: number): void {
    clearTimeout(this.silenceTimer);
    const socket = this.socket;
    this.silenceTimer = setTimeout(() => {
      if (socket && socket === this.socket) this.closed(socket, 1006);
    }, limit);
  }

  private closed(socket: SocketLike, code: number): void {
    if (socket !== this.socket) return;
    this.drop();
    if (code === UNAUTHENTICATED || code === REVOKED) {
      this.enter("idle");
      this.options.onUnauthorized();
      return;
    }
    const random = this.options.random ?? Math.random;
    const delay = code === TOO_MANY ? BACKOFF_MAX_MS : backoff(this.attempt, random);
    this.attempt += 1;
    this.retryTimer = setTimeout(() => this.connect(), delay);
    this.enter("waiting", Date.now() + delay);
  }

  private drop(): void {
    const socket = this.socket;
    this.socket = null;
    clearInterval(this.pingTimer);
    clearTimeout(this.silenceTimer);
    if (!socket) return;
    socket.onopen = socket.onmessage = socket.onclose = null;
    socket.close(1000);
  }

  private enter(state: SocketState, retryAt: number | null = null): void {
    if (this.state === state && state !== "waiting") return;
    this.state = state;
    this.options.onState(state, retryAt);
  }
}
