/** The chat of one customer with one website: session, connection, log and outbox, and what the page may ask of them. */
import type { Message, ServerFrame, SessionReply } from "../../../shared/wire";
import type { ApiError } from "../net/api";
import { Connection, type ConnectionState } from "../net/connection";
import { SESSION_KEY, type Identity } from "../net/session";
import { catchUp } from "./catch_up";
import { emptyLog, take } from "./log";
import { Sender } from "./sender";
import type { ClientParts } from "./parts";
import { Passing } from "./passing";
import { READ_KEY, ReadMark } from "./read_mark";
import { OutboxShelf } from "./shelf";
import { initialState, Store, type ChatState } from "./state";

const TYPING_SENT_EVERY_MS = 3000;

export class ChatClient {
  readonly store = new Store<ChatState>(initialState);
  private readonly connection: Connection;
  private readonly sender: Sender;
  private readonly passing = new Passing(this.store);
  private typingSentAt = 0;
  private readonly readMark: ReadMark;
  /** Messages up to here were there when the page came: they are history, not news. */
  private newsAfter: number | null = null;
  private resyncing = false;

  constructor(private readonly parts: ClientParts) {
    this.readMark = new ReadMark(this.store, parts.storage);
    this.connection = new Connection(
      {
        openSession: () => this.openSession(),
        expireSession: (token) => parts.session.expire(token),
        cursor: () => this.store.get().log.cursor,
        onState: (state) => this.stateChanged(state),
        onFrame: (frame) => this.frame(frame),
        onError: (error) => this.problem(error.code, error.message, null),
        onTooBig: () => {
          this.sender.failCurrent("too_large");
          this.problem("too_large", "", null);
        },
      },
      { api: parts.api, openSocket: parts.openSocket, random: parts.random },
    );
    this.sender = new Sender(
      {
        isUp: () => this.connection.isUp,
        deliver: (frame) => this.connection.send(frame),
        onStuck: () => this.connection.restart(),
        onChange: (outbox) => this.store.set({ outbox }),
      },
      new OutboxShelf(parts.storage),
      parts.newId,
    );
    this.store.set({ outbox: this.sender.entries });
  }

  // What the page and the views ask for

  connect(): void {
    this.connection.start();
  }

  setOpen(open: boolean): void {
    this.store.set({ open });
    if (open) {
      this.connect();
      this.markRead();
    }
  }

  /** An empty text is not sent. */
  send(text: string): void {
    const trimmed = text.trim();
    if (!trimmed) return;
    this.dismiss();
    this.sender.send(trimmed, null);
    this.connect();
  }

  choose(optionId: string, title: string): void {
    this.dismiss();
    this.sender.send(title, optionId);
    this.connect();
  }

  retry(clientId: string): void {
    this.sender.retry(clientId);
  }

  discard(clientId: string): void {
    this.sender.discard(clientId);
  }

  typing(): void {
    const now = Date.now();
    if (this.store.get().owner?.type !== "agent" || now - this.typingSentAt < TYPING_SENT_EVERY_MS) return;
    this.typingSentAt = now;
    this.connection.send({ type: "typing" });
  }

  /** What is shown in an open panel of a visible page is read. */
  markRead(): void {
    const { conversationId, open } = this.store.get();
    if (!open || !conversationId || document.visibilityState === "hidden") return;
    const seq = this.readMark.move(this.connection.isUp);
    if (seq !== null) this.connection.send({ type: "read", seq });
  }

  dismiss(): void {
    this.passing.dismiss();
  }

  identify(identity: Identity): void {
    if (this.parts.session.isOf(identity)) return;
    if (this.parts.session.identify(identity)) this.forgetConversation();
    this.connection.renew();
  }

  /** The language is the session's too: the gateway speaks it in its own lines. */
  localeChanged(): void {
    if (!this.parts.session.current) return;
    this.parts.session.reload();
    this.connection.restart();
  }

  /** Ends the session here and at the gateway. The page begins anew, as nobody in particular. */
  async reset(): Promise<void> {
    const token = this.parts.session.token;
    const { open } = this.store.get();
    this.connection.stop();
    this.parts.session.forget();
    this.forgetConversation();
    this.store.set({ session: null, owner: null, wasUp: false, notice: null });
    if (token) {
      try {
        await this.parts.api.revokeSession(token);
      } catch (error) {
        // Forgotten here in any case; a token nobody has expires by itself.
        const { code, message } = error as ApiError;
        this.parts.emit("kefu:error", { code, message });
      }
    }
    if (open) this.connect();
  }

  async download(uploadId: string): Promise<Blob> {
    const session = await this.openSession();
    return this.parts.api.download(session.token, uploadId);
  }

  /** The browser is online again, or its user looks at the page. */
  wake(): void {
    this.connection.hurry();
    this.markRead();
  }

  /** Another tab of this website wrote into the storage. */
  storageChanged(event: StorageEvent): void {
    const { storage, session } = this.parts;
    if (storage.isAbout(event, SESSION_KEY) && session.isOutdated()) {
      session.reload();
      if (session.isKnown) this.connection.restart();
      else {
        this.connection.stop();
        this.forgetConversation();
        if (this.store.get().open) this.connect();
      }
    }
    if (storage.isAbout(event, READ_KEY)) this.readMark.reload();
  }

  // What comes from the gateway

  private async openSession(): Promise<SessionReply> {
    const session = await this.parts.session.open();
    if (session !== this.store.get().session) {
      this.store.set({ session });
      this.enterConversation(session.conversation_id);
    }
    return session;
  }

  /** True when it is another conversation than the one the log is of. */
  private enterConversation(conversationId: string): boolean {
    const before = this.store.get().conversationId;
    if (before === conversationId) return false;
    this.newsAfter = before === null ? null : 0;
    this.store.set({ conversationId, log: emptyLog, queue: null, typing: null });
    this.readMark.restart();
    return before !== null;
  }

  private forgetConversation(): void {
    this.sender.clear();
    this.newsAfter = null;
    this.readMark.forget();
    this.store.set({ conversationId: null, log: emptyLog, queue: null, typing: null });
  }

  private stateChanged(connection: ConnectionState): void {
    const up = connection === "online" || connection === "polling";
    this.store.set(up ? { connection, wasUp: true } : { connection, typing: null });
    if (!up) this.sender.interrupted();
  }

  private frame(frame: ServerFrame): void {
    switch (frame.type) {
      case "hello":
        return this.greeted(frame);
      case "message":
        return this.message(frame);
      case "ack":
        return this.acked(frame.client_id, frame.seq);
      case "queue":
        return this.queued({ position: frame.position, wait_seconds: frame.wait_seconds });
      case "owner":
        return this.store.set(
          frame.owner.type === "queue" ? { owner: frame.owner } : { owner: frame.owner, queue: null },
        );
      case "typing":
        return this.passing.typing(frame.sender);
      case "error":
        return this.problem(frame.code, frame.message, this.sender.refusedBy(frame));
    }
  }

  private greeted(hello: Extract<ServerFrame, { type: "hello" }>): void {
    const cursor = this.store.get().log.cursor;
    this.parts.session.moveTo(hello.conversation_id);
    this.store.set({ session: this.parts.session.current });
    if (this.enterConversation(hello.conversation_id) && cursor > 0) {
      this.connection.restart(); // this hello answered the cursor of another conversation
      return;
    }
    this.newsAfter ??= hello.last_seq;
    this.readMark.raise(hello.read_seq ?? 0);
    this.store.set({ owner: hello.owner, queue: hello.owner.type === "queue" ? (hello.queue ?? null) : null });
    this.markRead();
    this.sender.flush();
  }

  private message({ seq, prev, sender, name, content, created_at, client_id }: Message): void {
    const message = { seq, prev, sender, name, content, created_at, client_id };
    const { log, outcome } = take(this.store.get().log, message);
    if (outcome === "gap") void this.resync();
    if (outcome !== "added") return;
    this.store.set({ log });
    this.arrived(message);
  }

  private arrived(message: Message): void {
    this.sender.logged(message);
    if (message.sender !== "customer") this.passing.answered();
    if (this.newsAfter !== null && message.seq > this.newsAfter) this.parts.emit("kefu:on-message", message);
    this.markRead();
  }

  /** Something is missing between the cursor and what came: read it again. */
  private async resync(): Promise<void> {
    if (this.resyncing) return;
    this.resyncing = true;
    const { api, session } = this.parts;
    const { conversationId } = this.store.get();
    try {
      await catchUp(
        () => (this.store.get().conversationId === conversationId ? this.store.get().log : null),
        async (after) => api.read((await session.open()).token, after),
        (log, added) => {
          this.store.set({ log });
          for (const message of added) this.arrived(message);
        },
      );
    } catch {
      this.connection.restart(); // the same cursor, over a fresh connection
    } finally {
      this.resyncing = false;
    }
  }

  private acked(clientId: string, seq: number): void {
    const { log, owner } = this.store.get();
    const shown = log.items.some((message) => message.client_id === clientId);
    this.sender.acked(clientId, seq);
    if (seq <= log.cursor && !shown) {
      // The gateway began a new conversation under our feet: its seqs start again.
      this.parts.session.reload();
      this.connection.restart();
      return;
    }
    const answered = log.items.some((message) => message.seq > seq && message.sender !== "customer");
    if (owner?.type === "bot" && !answered) this.passing.awaitAnswer();
  }

  private queued(queue: NonNullable<ChatState["queue"]>): void {
    this.store.set({ queue });
    this.parts.emit("kefu:queue", queue);
  }

  private problem(code: string, message: string, until: number | null): void {
    this.passing.notice(code, message, until);
    this.parts.emit("kefu:error", { code, message, retry_after: until ? (until - Date.now()) / 1000 : null });
  }
}
