/**
 * Keeps one customer connected: a WebSocket, or HTTP long polling where no WebSocket gets through.
 *
 *   idle ─start─► opening ─session─► connecting ─open─► authenticating ─hello─► online
 *                    ▲                   │ fails twice                            │ lost
 *                    │                   ▼                                        ▼
 *                    └──── backoff ── waiting ◄──────── polling ◄─────────────────┘
 *   refused: the gateway will not have this website or page; only `start` leaves it.
 */
import type { ClientFrame, ServerFrame, SessionReply } from "../../../shared/wire";
import { ApiError, type WidgetApi } from "./api";
import { backoff } from "./backoff";
import { Close, parseFrame } from "./frames";
import { follow, post } from "./polling";

export type ConnectionState =
  "idle" | "opening" | "connecting" | "authenticating" | "online" | "polling" | "waiting" | "refused";

export interface ConnectionHost {
  openSession(): Promise<SessionReply>;
  expireSession(token: string): void;
  /** The highest seq this reader has. */
  cursor(): number;
  onState(state: ConnectionState): void;
  onFrame(frame: ServerFrame): void;
  onError(error: ApiError): void;
  /** The frame in flight was too big for the gateway. */
  onTooBig(): void;
}

export interface ConnectionParts {
  api: WidgetApi;
  openSocket: (address: string) => WebSocket;
  random: () => number;
}

const HANDSHAKE_TIMEOUT_MS = 10_000;
/** Below the minute after which many proxies drop a silent connection. */
const PING_EVERY_MS = 25_000;
const PONG_WITHIN_MS = 10_000;
/** While polling, look this often whether a WebSocket gets through by now. */
const UPGRADE_EVERY_MS = 300_000;
const SOCKET_FAILURES_BEFORE_POLLING = 2;
/** A gateway that said "too many" is left alone at least this long. */
const TOO_MANY_PAUSE_MS = 10_000;

export class Connection {
  private state: ConnectionState = "idle";
  private session: SessionReply | null = null;
  private socket: WebSocket | null = null;
  private poll: AbortController | null = null;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private heartbeat: ReturnType<typeof setTimeout> | undefined;
  private attempt = 0;
  private socketFailures = 0;
  /** Answers to an older run of the machine are ignored. */
  private run = 0;

  constructor(
    private readonly host: ConnectionHost,
    private readonly parts: ConnectionParts,
  ) {}

  get isUp(): boolean {
    return this.state === "online" || this.state === "polling";
  }

  start(): void {
    if (this.state === "idle" || this.state === "refused") void this.open();
  }

  stop(): void {
    this.leave();
    this.enter("idle");
  }

  /** Starts, or starts over at once: the session has changed. */
  renew(): void {
    if (this.state === "idle" || this.state === "refused") this.start();
    else this.restart();
  }

  /** Drops what there is and connects anew, at once. Does nothing before `start`. */
  restart(): void {
    if (this.state === "idle") return;
    this.leave();
    this.attempt = 0;
    void this.open();
  }

  /** The network came back, or the customer looks at the page again: no need to wait any longer. */
  hurry(): void {
    if (this.state === "waiting") this.restart();
    else if (this.state === "online") this.ping();
  }

  /** Hands a frame over. Whether it arrived, only an ack tells. Reading and typing marks are not sent while polling. */
  send(frame: ClientFrame): void {
    if (this.state === "online") this.socket?.send(JSON.stringify(frame));
    else if (this.state === "polling" && (frame.type === "message" || frame.type === "choice")) void this.post(frame);
  }

  private enter(state: ConnectionState): void {
    if (state === this.state) return;
    this.state = state;
    this.host.onState(state);
  }

  /** Lets go of socket, poll and timers. */
  private leave(): void {
    this.run++;
    clearTimeout(this.timer);
    clearTimeout(this.heartbeat);
    this.poll?.abort();
    this.poll = null;
    const socket = this.socket;
    this.socket = null;
    socket?.close();
  }

  private async open(): Promise<void> {
    const run = ++this.run;
    this.enter("opening");
    try {
      const session = await this.host.openSession();
      if (run !== this.run) return;
      this.session = session;
    } catch (error) {
      if (run === this.run) this.failed(error);
      return;
    }
    if (this.socketFailures >= SOCKET_FAILURES_BEFORE_POLLING) this.startPolling();
    else this.connect();
  }

  private connect(): void {
    const run = ++this.run;
    this.enter("connecting");
    let socket: WebSocket;
    try {
      socket = this.parts.openSocket(this.parts.api.socketAddress);
    } catch {
      this.socketFailures = SOCKET_FAILURES_BEFORE_POLLING; // forbidden by the page's CSP: it will not get better
      this.startPolling();
      return;
    }
    this.socket = socket;
    this.timer = setTimeout(() => socket.close(), HANDSHAKE_TIMEOUT_MS);
    const mine = (handle: () => void) => () => run === this.run && handle();
    socket.onopen = mine(() => {
      this.enter("authenticating");
      socket.send(JSON.stringify({ type: "auth", token: this.session?.token, after: this.host.cursor() }));
    });
    socket.onmessage = (event: MessageEvent) => run === this.run && this.received(event.data);
    socket.onclose = (event: CloseEvent) => run === this.run && this.closed(event.code);
  }

  private received(data: unknown): void {
    const frame = parseFrame(data);
    if (!frame) return;
    if (frame.type === "hello") {
      clearTimeout(this.timer);
      this.attempt = 0;
      this.socketFailures = 0;
      this.enter("online");
    }
    if (this.state === "online") this.expectPing();
    this.host.onFrame(frame);
  }

  private expectPing(): void {
    clearTimeout(this.heartbeat);
    this.heartbeat = setTimeout(() => this.ping(), PING_EVERY_MS);
  }

  private ping(): void {
    clearTimeout(this.heartbeat);
    this.socket?.send(JSON.stringify({ type: "ping" }));
    // Any frame is a sign of life and resets this timer (expectPing).
    this.heartbeat = setTimeout(() => this.lost(), PONG_WITHIN_MS);
  }

  private closed(code: number): void {
    const wasOnline = this.state === "online";
    this.socket = null;
    if (code === Close.origin) {
      this.refuse(new ApiError(403, "origin_not_allowed", "This page may not open the chat."));
      return;
    }
    if (code === Close.unauthenticated || code === Close.revoked) {
      if (this.session) this.host.expireSession(this.session.token);
      this.wait(this.attempt === 0 ? 0 : backoff(this.attempt, this.parts.random));
      return;
    }
    if (code === Close.tooBig) this.host.onTooBig();
    if (code === Close.tooMany) {
      this.wait(TOO_MANY_PAUSE_MS + backoff(this.attempt, this.parts.random));
      return;
    }
    if (!wasOnline && code < 4000 && code !== Close.restarting) this.socketFailures++;
    if (!wasOnline && this.socketFailures >= SOCKET_FAILURES_BEFORE_POLLING) {
      this.leave();
      this.startPolling();
      return;
    }
    this.wait(code === Close.tooSlow ? 0 : backoff(this.attempt, this.parts.random));
  }

  /** The socket is silent: closing would wait for the other side, so it is left alone. */
  private lost(): void {
    const socket = this.socket;
    this.socket = null;
    socket?.close();
    this.wait(backoff(this.attempt, this.parts.random));
  }

  private wait(milliseconds: number): void {
    this.leave();
    this.attempt++;
    this.enter("waiting");
    this.timer = setTimeout(() => void this.open(), milliseconds);
  }

  private failed(error: unknown): void {
    const problem = error instanceof ApiError ? error : new ApiError(0, "network", String(error));
    if (problem.status === 403 || problem.status === 404) {
      this.refuse(problem);
      return;
    }
    if (problem.status === 401 && this.session) this.host.expireSession(this.session.token);
    if (problem.status !== 0 && problem.status !== 401) this.host.onError(problem);
    if (problem.code === "bad_identifier_hash") this.host.onError(problem);
    const delay = backoff(this.attempt, this.parts.random);
    this.wait(Math.max(delay, (problem.retryAfter ?? 0) * 1000));
  }

  private refuse(error: ApiError): void {
    this.leave();
    this.enter("refused");
    this.host.onError(error);
  }

  private startPolling(): void {
    const run = ++this.run;
    if (this.session) void this.keepPolling(run, this.session);
  }

  private async keepPolling(run: number, session: SessionReply): Promise<void> {
    this.poll = new AbortController();
    try {
      await follow({
        api: this.parts.api,
        session,
        cursor: () => this.host.cursor(),
        signal: this.poll.signal,
        until: Date.now() + UPGRADE_EVERY_MS,
        onFrame: (frame) => {
          if (frame.type === "hello") {
            this.attempt = 0;
            this.enter("polling");
          }
          this.host.onFrame(frame);
        },
      });
      if (run === this.run) this.connect();
    } catch (error) {
      if (run !== this.run) return;
      this.socketFailures = SOCKET_FAILURES_BEFORE_POLLING - 1; // next time one try by WebSocket comes first
      this.failed(error);
    }
  }

  private async post(frame: Extract<ClientFrame, { type: "message" | "choice" }>): Promise<void> {
    const run = this.run;
    try {
      const answers = await post(this.parts.api, this.session?.token ?? "", frame);
      for (const answer of answers) if (run === this.run) this.host.onFrame(answer);
    } catch (error) {
      if (run === this.run) this.failed(error);
    }
  }
}
