import type { Summary } from "../api/types";

/** A ring: this conversation is yours if you take it before `expiresAt` (ms); anybody of the team may be faster. */
export interface Offer {
  conversationId: string;
  handoffId: string;
  startedAt: number;
  expiresAt: number;
}

// When the two clocks disagree so much that the ring would be over before it began (or never end), ring this long.
export const FALLBACK_RING_MS = 20_000;
const LONGEST_RING_MS = 300_000;

export function ring(
  offers: readonly Offer[],
  frame: { conversation_id: string; handoff_id: string; expires_at: string },
  now: number,
): Offer[] {
  const promised = Date.parse(frame.expires_at) - now;
  const length = promised > 0 && promised <= LONGEST_RING_MS ? promised : FALLBACK_RING_MS;
  const offer: Offer = {
    conversationId: frame.conversation_id,
    handoffId: frame.handoff_id,
    startedAt: now,
    expiresAt: now + length,
  };
  return [...offers.filter((one) => one.conversationId !== offer.conversationId), offer];
}

export function silence(offers: readonly Offer[], conversationId: string): Offer[] {
  return offers.filter((one) => one.conversationId !== conversationId);
}

export function expire(offers: readonly Offer[], now: number): Offer[] {
  return offers.filter((one) => one.expiresAt > now);
}

/** Once it is nobody's in the queue any more, there is nothing left to ring for. */
export function follow(offers: readonly Offer[], summary: Summary): Offer[] {
  return summary.owner.type === "queue" && summary.status === "open" ? [...offers] : silence(offers, summary.id);
}
