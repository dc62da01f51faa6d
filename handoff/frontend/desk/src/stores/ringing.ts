import { defineStore } from "pinia";
import { computed, ref } from "vue";
import type { Summary } from "../api/types";
import * as reducer from "./offers";
import type { Offer } from "./offers";

/** The offers that ring now. A timer ends each when its time is over. */
export const useOffers = defineStore("offers", () => {
  const offers = ref<Offer[]>([]);
  let timer: ReturnType<typeof setTimeout> | undefined;

  const current = computed<Offer | null>(() => offers.value[0] ?? null);

  function schedule(): void {
    clearTimeout(timer);
    const next = Math.min(...offers.value.map((offer) => offer.expiresAt));
    if (Number.isFinite(next)) timer = setTimeout(expire, Math.max(0, next - Date.now()) + 50);
  }

  function set(next: Offer[]): void {
    offers.value = next;
    schedule();
  }

  function expire(): void {
    set(reducer.expire(offers.value, Date.now()));
  }

  return {
    offers,
    current,
    of: (id: string) => offers.value.find((offer) => offer.conversationId === id) ?? null,
    ring: (frame: Parameters<typeof reducer.ring>[1]) => set(reducer.ring(offers.value, frame, Date.now())),
    silence: (id: string) => set(reducer.silence(offers.value, id)),
    follow: (summary: Summary) => set(reducer.follow(offers.value, summary)),
    reset: () => set([]),
  };
});
