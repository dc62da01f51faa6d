/** A WebSocket that the test plays the gateway of. */
import type { ClientFrame, ServerFrame } from "../../shared/wire";

export class FakeSocket {
  static all: FakeSocket[] = [];

  static get last(): FakeSocket {
    const socket = FakeSocket.all[FakeSocket.all.length - 1];
    if (!socket) throw new Error("no socket was opened");
    return socket;
  }

  readonly sent: ClientFrame[] = [];
  isClosed = false;
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: string }) => void) | null = null;
  onclose: ((event: { code: number }) => void) | null = null;

  constructor(readonly address: string) {
    FakeSocket.all.push(this);
  }

  send(data: string): void {
    if (this.isClosed) throw new Error("sent on a closed socket");
    this.sent.push(JSON.parse(data) as ClientFrame);
  }

  /** The client's own close. */
  close(): void {
    if (this.isClosed) return;
    this.isClosed = true;
    this.onclose?.({ code: 1006 });
  }

  // The gateway's side

  accepts(): void {
    this.onopen?.();
  }

  says(frame: ServerFrame): void {
    this.onmessage?.({ data: JSON.stringify(frame) });
  }

  saysRaw(data: string): void {
    this.onmessage?.({ data });
  }

  closes(code: number): void {
    this.isClosed = true;
    this.onclose?.({ code });
  }

  sentOf<T extends ClientFrame["type"]>(type: T): Extract<ClientFrame, { type: T }>[] {
    return this.sent.filter((frame): frame is Extract<ClientFrame, { type: T }> => frame.type === type);
  }
}
