import { defineStore } from "pinia";
import { ref } from "vue";
import type { ServerFrame } from "../api/types";
import { AgentSocket, type SocketState } from "../socket/agentSocket";
import { useConversations } from "./conversations";
import { useOffers } from "./ringing";
import { useQueue } from "./queue";
import { useSession } from "./session";

// Many frames at once (a restarted gateway) are one re-read of the queue.
const QUEUE_DELAY_MS = 400;
// The customer sees "typing" for a few seconds per frame; more often is noise.
const TYPING_EVERY_MS = 3_000;

function socketUrl(): string {
  const scheme = location.protocol === "https:" ? "wss" : "ws";
  return `${scheme}://${location.host}/ws/agent`;
}

/** The live connection: frames in, typing out. It has no cursor, so every (re)connection re-reads. */
export const useSocket = defineStore("socket", () => {
  const session = useSession();
  const queue = useQueue();
  const conversations = useConversations();
  const offers = useOffers();
  const state = ref<SocketState>("idle");
  const retryAt = ref<number | null>(null);
  const wasOnline = ref(false);
  const slaWarnings = ref<string[]>([]);
  let queueTimer: ReturnType<typeof setTimeout> | undefined;
  let typedAt = 0;

  const socket = new AgentSocket({
    url: socketUrl,
    token: () => session.token,
    onFrame: receive,
    onState: (next, at) => {
      state.value = next;
      retryAt.value = at;
      if (next === "online") wasOnline.value = true;
    },
    onUnauthorized: () => session.end(true),
  });

  function receive(frame: ServerFrame): void {
    switch (frame.type) {
      case "hello":
        session.agent = frame.agent;
        void queue.resync();
        void conversations.resync();
        break;
      case "message.created":
        if (!queue.noteMessage(frame.conversation_id, frame.message)) refreshQueue();
        conversations.receive(frame.conversation_id, frame.message);
        break;
      case "conversation.updated":
        queue.update(frame.conversation);
        conversations.updated(frame.conversation);
        offers.follow(frame.conversation);
        break;
      case "handoff.offered":
        queue.update(frame.conversation);
        offers.ring(frame);
        break;
      case "queue.changed":
        queue.teamsChanged(frame.teams);
        refreshQueue();
        break;
      case "presence.changed":
        queue.presenceChanged(frame.agent_id, frame.status);
        if (session.agent?.id === frame.agent_id) session.agent = { ...session.agent, status: frame.status };
        break;
      case "sla.warning":
        if (!slaWarnings.value.includes(frame.conversation_id)) slaWarnings.value.push(frame.conversation_id);
        break;
      case "typing":
        if (frame.sender === "customer") conversations.customerTyping(frame.conversation_id);
        break;
    }
  }

  function refreshQueue(): void {
    clearTimeout(queueTimer);
    queueTimer = setTimeout(() => {
      void queue.load("queue");
      if (queue.active !== "queue") void queue.load(queue.active);
    }, QUEUE_DELAY_MS);
  }

  function typing(id: string): void {
    const now = Date.now();
    if (now - typedAt < TYPING_EVERY_MS) return;
    if (socket.send({ type: "typing", conversation_id: id })) typedAt = now;
  }

  function start(): void {
    window.addEventListener("online", retryNow);
    socket.start();
  }

  function stop(): void {
    window.removeEventListener("online", retryNow);
    clearTimeout(queueTimer);
    socket.stop();
    wasOnline.value = false;
    slaWarnings.value = [];
  }

  function retryNow(): void {
    socket.retryNow();
  }

  return { state, retryAt, wasOnline, slaWarnings, start, stop, retryNow, typing, receive };
});
