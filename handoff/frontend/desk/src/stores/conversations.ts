import { defineStore } from "pinia";
import { reactive, ref } from "vue";
import { asApiError } from "../api/errors";
import { newId } from "../api/ids";
import type { Case, Detail, Message, Summary } from "../api/types";
import * as log from "./log";
import { EMPTY_LOG, type Log } from "./log";
import { useQueue } from "./queue";
import { useSession } from "./session";

const PAGE = 60;
// A missed stretch is read in pages of this size until it is closed.
const GAP_PAGE = 200;
// The bot's understanding of a turn arrives with its answer; a burst of frames is one re-read.
const DETAIL_DELAY_MS = 250;
// Logs of conversations looked at before; the oldest are forgotten.
const KEEP_OPEN = 12;

export interface OpenConversation {
  log: Log;
  detail: Detail | null;
  loading: boolean;
  loadingOlder: boolean;
  error: string | null;
  /** When the customer was last seen typing, ms. */
  typingAt: number;
}

/** The conversations on screen and those just left: log, detail, and what is being sent. */
export const useConversations = defineStore("conversations", () => {
  const session = useSession();
  const queue = useQueue();
  const open = reactive<Record<string, OpenConversation>>({});
  const selected = ref<string | null>(null);
  const recent: string[] = [];
  const closing = new Map<string, Promise<void>>();
  const detailTimers = new Map<string, ReturnType<typeof setTimeout>>();

  function ensure(id: string): OpenConversation {
    open[id] ??= { log: EMPTY_LOG, detail: null, loading: false, loadingOlder: false, error: null, typingAt: 0 };
    return open[id];
  }

  function remember(id: string): void {
    const at = recent.indexOf(id);
    if (at >= 0) recent.splice(at, 1);
    recent.unshift(id);
    for (const old of recent.splice(KEEP_OPEN)) if (old !== selected.value) delete open[old];
  }

  async function select(id: string | null): Promise<void> {
    selected.value = id;
    if (id === null) return;
    remember(id);
    const known = ensure(id);
    if (known.detail) {
      await Promise.all([loadDetail(id), closeGap(id)]);
    } else {
      known.loading = true;
      await loadDetail(id);
      if (known.detail) await loadNewest(id, queue.summary(id)?.last_seq ?? 0);
      known.loading = false;
    }
    await markRead(id);
  }

  async function loadDetail(id: string): Promise<void> {
    const one = ensure(id);
    try {
      one.detail = await session.api.conversation(id);
      queue.update(one.detail);
      one.error = null;
    } catch (cause) {
      one.error = asApiError(cause).code;
    }
  }

  function refreshDetail(id: string): void {
    if (!open[id]?.detail) return;
    clearTimeout(detailTimers.get(id));
    detailTimers.set(
      id,
      setTimeout(() => void refresh(id), DETAIL_DELAY_MS),
    );
  }

  /** The last words of a conversation that was just given away are not pushed to who gave it: they are read. */
  async function refresh(id: string): Promise<void> {
    await loadDetail(id);
    const one = open[id];
    if (one?.detail && !one.error && one.detail.last_seq > log.lastSeq(one.log)) await closeGap(id);
  }

  async function loadNewest(id: string, last: number): Promise<void> {
    const one = ensure(id);
    const { after, limit } = log.newestPage(last, PAGE);
    try {
      const page = await session.api.messages(id, after, limit);
      one.log = log.merge(one.log, page.items);
      if (page.last_seq > log.lastSeq(one.log)) await closeGap(id);
    } catch (cause) {
      one.error = asApiError(cause).code;
    }
  }

  async function loadOlder(id: string): Promise<void> {
    const one = ensure(id);
    const page = log.olderPage(one.log, PAGE);
    if (!page || one.loadingOlder) return;
    one.loadingOlder = true;
    try {
      const older = await session.api.messages(id, page.after, page.limit);
      one.log = log.merge(one.log, older.items);
    } catch (cause) {
      one.error = asApiError(cause).code;
    } finally {
      one.loadingOlder = false;
    }
  }

  /** Read what came after our last seq, once at a time per conversation. */
  function closeGap(id: string): Promise<void> {
    const running = closing.get(id);
    if (running) return running;
    const work = readAfter(id).finally(() => closing.delete(id));
    closing.set(id, work);
    return work;
  }

  async function readAfter(id: string): Promise<void> {
    const one = ensure(id);
    try {
      for (;;) {
        const before = log.lastSeq(one.log);
        const page = await session.api.messages(id, before, GAP_PAGE);
        one.log = log.merge(one.log, page.items);
        if (page.items.length === 0 || log.lastSeq(one.log) >= page.last_seq) return;
      }
    } catch (cause) {
      one.error = asApiError(cause).code;
    }
  }

  async function resync(): Promise<void> {
    const ids = Object.keys(open).filter((id) => open[id]?.detail);
    const here = selected.value;
    if (here && !ids.includes(here)) return select(here);
    for (const id of ids) await Promise.all([closeGap(id), loadDetail(id)]);
  }

  function receive(id: string, message: Message): void {
    const one = open[id];
    if (!one?.detail || one.loading) return;
    const result = log.receive(one.log, message);
    one.log = result.log;
    if (message.sender === "customer") one.typingAt = 0;
    if (result.gap) void closeGap(id);
    if (message.sender !== "agent" || message.private) refreshDetail(id);
    if (id === selected.value && document.visibilityState === "visible") void markRead(id);
  }

  function updated(summary: Summary): void {
    const one = open[summary.id];
    if (!one?.detail) return;
    one.detail = { ...one.detail, ...(queue.summary(summary.id) ?? summary) };
    refreshDetail(summary.id);
  }

  async function markRead(id: string): Promise<void> {
    const seq = log.lastSeq(open[id]?.log ?? EMPTY_LOG);
    const summary = queue.summary(id);
    if (!summary || seq <= summary.read_seq || summary.owner.id !== session.agent?.id) return;
    queue.markRead(id, seq);
    await session.api.read(id, seq).catch(() => undefined);
  }

  /** Show the message at once, send it, and send it again under the same id when `again` names a failed one. */
  async function send(id: string, text: string, isPrivate: boolean, again?: string): Promise<void> {
    const one = ensure(id);
    const clientId = again ?? newId("desk");
    const epoch = queue.summary(id)?.owner.epoch ?? 0;
    one.log = log.startSending(one.log, {
      clientId,
      text,
      private: isPrivate,
      state: "sending",
      error: null,
      createdAt: new Date().toISOString(),
    });
    try {
      const { message } = isPrivate
        ? await session.api.note(id, text, clientId)
        : await session.api.reply(id, epoch, text, clientId);
      const result = log.receive(one.log, message);
      one.log = result.gap ? result.log : log.discard(result.log, clientId);
      if (result.gap) {
        await closeGap(id);
        one.log = log.discard(one.log, clientId);
      }
    } catch (cause) {
      const error = asApiError(cause);
      one.log = log.sendingFailed(one.log, clientId, error.status >= 500 ? "unavailable" : error.code);
      if (error.isOwnership) await Promise.all([loadDetail(id), closeGap(id)]);
    }
  }

  async function resend(id: string, clientId: string): Promise<void> {
    const pending = open[id]?.log.pending.find((one) => one.clientId === clientId);
    if (pending?.state === "failed") await send(id, pending.text, pending.private, clientId);
  }

  function discard(id: string, clientId: string): void {
    const one = open[id];
    if (one) one.log = log.discard(one.log, clientId);
  }

  function customerTyping(id: string): void {
    const one = open[id];
    if (one) one.typingAt = Date.now();
  }

  function caseChanged(id: string, changed: Case): void {
    const detail = open[id]?.detail;
    if (detail) detail.cases = detail.cases.map((one) => (one.id === changed.id ? { ...one, ...changed } : one));
  }

  function reset(): void {
    for (const id of Object.keys(open)) delete open[id];
    for (const timer of detailTimers.values()) clearTimeout(timer);
    recent.length = 0;
    selected.value = null;
  }

  return {
    open,
    selected,
    select,
    loadDetail,
    loadOlder,
    resync,
    receive,
    updated,
    markRead,
    send,
    resend,
    discard,
    customerTyping,
    caseChanged,
    reset,
  };
});
