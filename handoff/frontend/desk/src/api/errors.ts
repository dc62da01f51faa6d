import type { Owner } from "./types";

export interface FieldError {
  field: string;
  code: string;
}

/** A request the gateway refused, or (`status` 0) one that never got an answer. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly options: { owner?: Owner | null; retryAfter?: number | null; errors?: FieldError[] } = {},
  ) {
    super(message);
    this.name = "ApiError";
  }

  /** Who owns the conversation now; only with 409. */
  get owner(): Owner | null {
    return this.options.owner ?? null;
  }

  /** Seconds to wait before another try; only with 429 and 503. */
  get retryAfter(): number | null {
    return this.options.retryAfter ?? null;
  }

  get isNetwork(): boolean {
    return this.status === 0;
  }

  get isOwnership(): boolean {
    return this.status === 409 && (this.code === "conversation_taken" || this.code === "stale_epoch");
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isOwner(value: unknown): value is Owner {
  return isRecord(value) && typeof value.type === "string" && typeof value.epoch === "number";
}

/** The header counts seconds (we never send the date form); the body's `retry_after` wins when both are there. */
function secondsFrom(body: unknown, header: string | null): number | null {
  if (isRecord(body) && typeof body.retry_after === "number") return Math.max(0, Math.ceil(body.retry_after));
  const seconds = header === null ? NaN : Number(header);
  return Number.isFinite(seconds) && seconds >= 0 ? Math.ceil(seconds) : null;
}

/** Turn any refusal into an ApiError; a body that is not ours (a proxy's page) becomes `http_{status}`. */
export function toApiError(status: number, body: unknown, retryAfterHeader: string | null): ApiError {
  const known = isRecord(body) && typeof body.code === "string";
  const code = known ? String(body.code) : `http_${status}`;
  const message = known && typeof body.message === "string" ? body.message : `HTTP ${status}`;
  const errors = isRecord(body) && Array.isArray(body.errors) ? (body.errors as FieldError[]) : [];
  const owner = isRecord(body) && isOwner(body.owner) ? body.owner : null;
  return new ApiError(status, code, message, { owner, errors, retryAfter: secondsFrom(body, retryAfterHeader) });
}

export function networkError(cause: unknown): ApiError {
  return new ApiError(0, "network", cause instanceof Error ? cause.message : "network");
}

export function asApiError(cause: unknown): ApiError {
  return cause instanceof ApiError ? cause : networkError(cause);
}
