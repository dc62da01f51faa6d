import { defineStore } from "pinia";
import { reactive, ref } from "vue";
import type { TransferTarget } from "../api/desk";
import { asApiError, type ApiError } from "../api/errors";
import type { Owner, Summary } from "../api/types";
import { useConversations } from "./conversations";
import { useDrafts } from "./drafts";
import { useOffers } from "./ringing";
import { useQueue } from "./queue";
import { useSession } from "./session";

/** The verbs that ask something before they are done. */
export type DialogName = "transfer" | "handBack" | "resolve";
export type Verb = "accept" | "decline" | "transfer" | "hand_back" | "resolve" | "reopen";

/** What a verb led to, for the view to say. `owner` is who has the conversation now, when that was the reason. */
export interface Refusal {
  verb: Verb;
  conversationId: string;
  code: string;
  owner: Owner | null;
  retryAfter: number | null;
}

/** Accept, decline, transfer, hand back, resolve, reopen: each with the epoch it saw, each refusal told and followed up. */
export const useVerbs = defineStore("verbs", () => {
  const session = useSession();
  const queue = useQueue();
  const conversations = useConversations();
  const offers = useOffers();
  const drafts = useDrafts();
  const busy = reactive<Record<string, Verb>>({});
  const refusal = ref<Refusal | null>(null);

  async function run(id: string, verb: Verb, call: (epoch: number) => Promise<Summary | undefined>): Promise<boolean> {
    if (busy[id]) return false;
    busy[id] = verb;
    refusal.value = null;
    try {
      const fresh = await call(queue.summary(id)?.owner.epoch ?? 0);
      if (fresh?.id) {
        queue.update(fresh);
        conversations.updated(fresh);
      }
      return true;
    } catch (cause) {
      await refused(id, verb, asApiError(cause));
      return false;
    } finally {
      delete busy[id];
    }
  }

  async function refused(id: string, verb: Verb, error: ApiError): Promise<void> {
    refusal.value = {
      verb,
      conversationId: id,
      code: error.code,
      owner: error.owner,
      retryAfter: error.retryAfter,
    };
    if (error.status !== 409) return;
    if (error.code !== "at_capacity") offers.silence(id);
    if (conversations.open[id]) await conversations.loadDetail(id);
    await queue.load("queue");
  }

  async function accept(id: string, force = false): Promise<boolean> {
    const done = await run(id, "accept", () => session.api.accept(id, force));
    if (done) {
      offers.silence(id);
      // Who accepts is about to answer, unless a note is half written.
      if (drafts.of(id).note === "") drafts.change(id, { mode: "reply" });
      if (queue.active === "queue") queue.select("mine");
      await session.loadAgent().catch(() => undefined);
    }
    return done;
  }

  async function decline(id: string): Promise<boolean> {
    offers.silence(id);
    return run(id, "decline", () => session.api.decline(id));
  }

  function transfer(id: string, target: TransferTarget): Promise<boolean> {
    return leave(id, "transfer", (epoch) => session.api.transfer(id, epoch, target));
  }

  function handBack(id: string, note: string): Promise<boolean> {
    return leave(id, "hand_back", (epoch) => session.api.handBack(id, epoch, note));
  }

  function resolve(id: string, outcome: string): Promise<boolean> {
    return leave(id, "resolve", (epoch) => session.api.resolve(id, epoch, outcome));
  }

  function reopen(id: string): Promise<boolean> {
    return run(id, "reopen", () => session.api.reopen(id));
  }

  /** A verb that frees capacity: the shown load follows. */
  async function leave(id: string, verb: Verb, call: (epoch: number) => Promise<Summary>): Promise<boolean> {
    const done = await run(id, verb, call);
    if (done) await session.loadAgent().catch(() => undefined);
    return done;
  }

  return { busy, refusal, accept, decline, transfer, handBack, resolve, reopen };
});
