/** Messages for tests: `prev` is the seq before, unless told. */
import type { Content, Message, Sender } from "../../shared/wire";

export function message(
  seq: number,
  options: { prev?: number; sender?: Sender; text?: string; content?: Content; clientId?: string; name?: string } = {},
): Message {
  return {
    seq,
    prev: options.prev ?? seq - 1,
    sender: options.sender ?? "bot",
    name: options.name ?? null,
    content: options.content ?? { type: "text", text: options.text ?? `message ${seq}` },
    created_at: "2026-11-22T08:00:00Z",
    client_id: options.clientId ?? null,
  };
}
