/** What comes over the customer's WebSocket, and the codes it closes with (docs/interfaces.md section 6). */
import type { ServerFrame } from "../../../shared/wire";

export const Close = {
  unauthenticated: 4401,
  origin: 4403,
  revoked: 4409,
  tooBig: 4413,
  tooMany: 4429,
  tooSlow: 4008,
  restarting: 1012,
} as const;

/** A frame of the gateway, or null for what is none: it is skipped, not fatal, so that the gateway may learn more. */
export function parseFrame(data: unknown): ServerFrame | null {
  if (typeof data !== "string") return null;
  try {
    const frame: unknown = JSON.parse(data);
    const isFrame = typeof frame === "object" && frame !== null && typeof (frame as ServerFrame).type === "string";
    return isFrame ? (frame as ServerFrame) : null;
  } catch {
    return null;
  }
}
