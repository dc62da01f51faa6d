/** The WebSocket's frames over plain HTTP, for where no WebSocket gets through. */
import type { ClientFrame, ServerFrame, SessionReply } from "../../../shared/wire";
import { ApiError, type WidgetApi } from "./api";

const POLL_WAIT_SECONDS = 25;
/** A proxy or gateway that does not wait must not be asked in a tight loop. */
const SHORTEST_POLL_MS = 1000;
const DEFAULT_RETRY_SECONDS = 5;

export interface Following {
  api: WidgetApi;
  session: SessionReply;
  cursor: () => number;
  /** Ends it, between two frames at the latest. */
  signal: AbortSignal;
  /** Milliseconds since the epoch after which it ends by itself. */
  until: number;
  onFrame: (frame: ServerFrame) => void;
}

/** Reads until told to end. Raises ApiError when the gateway cannot be read. */
export async function follow({ api, session, cursor, signal, until, onFrame }: Following): Promise<void> {
  let greeted: string | null = null;
  while (!signal.aborted && Date.now() < until) {
    const began = Date.now();
    const page = await api.read(session.token, cursor(), greeted === null ? 0 : POLL_WAIT_SECONDS, signal);
    const { owner, last_seq, queue, items } = page;
    const frames: ServerFrame[] = [];
    const conversation_id = page.conversation_id ?? session.conversation_id;
    if (greeted !== conversation_id) {
      greeted = conversation_id;
      frames.push({ type: "hello", conversation_id, owner, last_seq, queue });
    } else {
      if (!items.length && Date.now() - began < SHORTEST_POLL_MS) await pause(SHORTEST_POLL_MS);
      frames.push({ type: "owner", owner });
      if (queue) frames.push({ type: "queue", ...queue });
    }
    for (const message of items) frames.push({ type: "message", ...message });
    for (const frame of frames) if (!signal.aborted) onFrame(frame);
  }
}

/** Sends a message and returns what the WebSocket would have answered. Raises ApiError when it may not have arrived. */
export async function post(
  api: WidgetApi,
  token: string,
  frame: Extract<ClientFrame, { type: "message" | "choice" }>,
): Promise<ServerFrame[]> {
  const client_id = frame.client_id;
  try {
    const body = frame.type === "message" ? { client_id, text: frame.text } : { client_id, option_id: frame.option_id };
    const { seq, owner, queue } = await api.send(token, body);
    const frames: ServerFrame[] = [
      { type: "ack", client_id, seq },
      { type: "owner", owner },
    ];
    return queue ? [...frames, { type: "queue", ...queue }] : frames;
  } catch (error) {
    if (!(error instanceof ApiError) || error.status < 400 || error.status === 401) throw error;
    const { code, message, status } = error;
    // A browser hides Retry-After from a page unless the gateway exposes it.
    const retry_after = error.retryAfter ?? (status === 429 || status >= 500 ? DEFAULT_RETRY_SECONDS : null);
    return [{ type: "error", client_id, code, message, retry_after }];
  }
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
