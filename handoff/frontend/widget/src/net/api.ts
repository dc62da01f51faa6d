/** The gateway's HTTP side, as docs/interfaces.md section 6 has it. */
import type { ErrorBody, Locale, MessagesPage, PublicOwner, QueuePlace, SessionReply } from "../../../shared/wire";

/** A refusal with a code, or `network` (status 0) when nobody answered. `retryAfter` is in seconds. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly retryAfter: number | null = null,
  ) {
    super(message);
  }
}

export interface SessionRequest {
  website_token: string;
  identifier?: string;
  identifier_hash?: string;
  name?: string;
  email?: string;
  locale?: Locale;
  token?: string;
}

export interface MessageReceipt {
  seq: number;
  owner: PublicOwner;
  queue?: QueuePlace | null;
}

const REQUEST_TIMEOUT_MS = 15_000;

export class WidgetApi {
  private readonly root: string;

  constructor(
    baseUrl: string,
    private readonly fetcher: typeof fetch = (input, init) => fetch(input, init),
  ) {
    this.root = baseUrl.replace(/\/+$/, "");
  }

  /** Where the customer's WebSocket is. */
  get socketAddress(): string {
    return this.root.replace(/^http/, "ws") + "/ws/customer";
  }

  openSession(request: SessionRequest): Promise<SessionReply> {
    return this.call<SessionReply>("POST", "/sessions", { body: request });
  }

  async revokeSession(token: string): Promise<void> {
    await this.call("POST", "/sessions/reset", { token, body: {} });
  }

  send(token: string, message: { client_id: string; text: string } | { client_id: string; option_id: string }) {
    return this.call<MessageReceipt>("POST", "/messages", { token, body: message });
  }

  /** The log after `after`; waits up to `wait` seconds for something new. */
  read(token: string, after: number, wait = 0, signal?: AbortSignal): Promise<MessagesPage> {
    return this.call<MessagesPage>("GET", `/messages?after=${after}&wait=${wait}`, {
      token,
      signal,
      timeout: REQUEST_TIMEOUT_MS + wait * 1000,
    });
  }

  /** A file of this conversation. The token travels in a header, so a plain link cannot fetch it. */
  async download(token: string, uploadId: string): Promise<Blob> {
    const response = await this.fetch(`/uploads/${encodeURIComponent(uploadId)}`, {
      headers: { Authorization: `Bearer ${token}` },
      signal: AbortSignal.timeout(60_000),
    });
    if (!response.ok) throw await toError(response);
    return response.blob();
  }

  private async call<T>(
    method: string,
    path: string,
    options: { token?: string; body?: unknown; signal?: AbortSignal; timeout?: number } = {},
  ): Promise<T> {
    const headers: Record<string, string> = {};
    if (options.token) headers.Authorization = `Bearer ${options.token}`;
    if (options.body !== undefined) headers["Content-Type"] = "application/json";
    const aborter = new AbortController();
    const abort = (): void => aborter.abort();
    const timer = setTimeout(abort, options.timeout ?? REQUEST_TIMEOUT_MS);
    options.signal?.addEventListener("abort", abort, { once: true });
    try {
      const response = await this.fetch(path, {
        method,
        headers,
        signal: aborter.signal,
        ...(options.body === undefined ? {} : { body: JSON.stringify(options.body) }),
      });
      if (!response.ok) throw await toError(response);
      if (response.status === 204) return undefined as T;
      return (await response.json()) as T;
    } catch (error) {
      throw error instanceof ApiError ? error : new ApiError(0, "network", String(error));
    } finally {
      clearTimeout(timer);
      options.signal?.removeEventListener("abort", abort);
    }
  }

  private fetch(path: string, init: RequestInit): Promise<Response> {
    return this.fetcher(`${this.root}/api/v1/widget${path}`, {
      ...init,
      mode: "cors",
      credentials: "omit",
      cache: "no-store",
    });
  }
}

async function toError(response: Response): Promise<ApiError> {
  let body: Partial<ErrorBody> = {};
  try {
    body = (await response.json()) as Partial<ErrorBody>;
  } catch {
    // A proxy answered with something else than our JSON; the status is all there is.
  }
  const seconds = Number(response.headers.get("Retry-After"));
  return new ApiError(
    response.status,
    typeof body.code === "string" ? body.code : `http_${response.status}`,
    typeof body.message === "string" ? body.message : response.statusText,
    Number.isFinite(seconds) && seconds > 0 ? seconds : null,
  );
}
