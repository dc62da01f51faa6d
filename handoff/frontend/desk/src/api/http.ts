import { ApiError, networkError, toApiError } from "./errors";

export interface HttpOptions {
  base: string;
  token: () => string | null;
  /** Called for every 401 that came with a token: the session is over. */
  onUnauthorized?: () => void;
  fetch?: typeof fetch;
  /** Waits between the tries of a keyed request, in ms. */
  retryDelays?: readonly number[];
  sleep?: (ms: number) => Promise<void>;
}

export interface RequestOptions {
  query?: Record<string, string | number | undefined | null>;
  body?: unknown;
  /** With a key a request that got no answer is sent again: the gateway answers with the first one's result. */
  idempotencyKey?: string;
  signal?: AbortSignal;
}

const DEFAULT_RETRY_DELAYS = [400, 1500] as const;

function queryString(query: RequestOptions["query"]): string {
  const params = new URLSearchParams();
  for (const [name, value] of Object.entries(query ?? {})) {
    if (value !== undefined && value !== null && value !== "") params.set(name, String(value));
  }
  const text = params.toString();
  return text ? `?${text}` : "";
}

/** JSON over fetch: bearer token, typed errors, repeats of keyed requests after a lost connection. */
export class Http {
  constructor(private readonly options: HttpOptions) {}

  get<T>(path: string, query?: RequestOptions["query"], signal?: AbortSignal): Promise<T> {
    return this.send<T>("GET", path, { query, signal });
  }

  async send<T>(method: string, path: string, request: RequestOptions = {}): Promise<T> {
    const repeatable = method === "GET" || request.idempotencyKey !== undefined;
    const delays = repeatable ? (this.options.retryDelays ?? DEFAULT_RETRY_DELAYS) : [];
    const sleep = this.options.sleep ?? ((ms) => new Promise<void>((done) => setTimeout(done, ms)));
    for (let attempt = 0; ; attempt += 1) {
      try {
        return await this.once<T>(method, path, request);
      } catch (error) {
        const delay = delays[attempt];
        const lost = error instanceof ApiError && error.isNetwork && !request.signal?.aborted;
        if (!lost || delay === undefined) throw error;
        await sleep(delay);
      }
    }
  }

  /** The body as a blob, for uploads that need the token to be seen. */
  async blob(path: string): Promise<Blob> {
    const response = await this.fetch("GET", path, {});
    return response.blob();
  }

  private async once<T>(method: string, path: string, request: RequestOptions): Promise<T> {
    const response = await this.fetch(method, path, request);
    if (response.status === 204) return undefined as T;
    try {
      return (await response.json()) as T;
    } catch (error) {
      throw networkError(error);
    }
  }

  private async fetch(method: string, path: string, request: RequestOptions): Promise<Response> {
    const headers: Record<string, string> = { Accept: "application/json" };
    const token = this.options.token();
    if (token) headers.Authorization = `Bearer ${token}`;
    if (request.body !== undefined) headers["Content-Type"] = "application/json";
    if (request.idempotencyKey) headers["Idempotency-Key"] = request.idempotencyKey;
    const url = this.options.base + path + queryString(request.query);
    const send = this.options.fetch ?? fetch;
    let response: Response;
    try {
      response = await send(url, {
        method,
        headers,
        body: request.body === undefined ? undefined : JSON.stringify(request.body),
        signal: request.signal,
        credentials: "omit",
        cache: "no-store",
      });
    } catch (error) {
      throw networkError(error);
    }
    if (response.ok) return response;
    const body: unknown = await response.json().catch(() => null);
    if (response.status === 401 && token) this.options.onUnauthorized?.();
    throw toApiError(response.status, body, response.headers.get("Retry-After"));
  }
}
