import { describe, expect, it } from "vitest";
import { expire, FALLBACK_RING_MS, follow, ring } from "../src/stores/offers";
import { summary, waiting } from "./facts";

const NOW = Date.parse("2026-11-22T08:00:00Z");
const frame = (id: string, expires: string) => ({ conversation_id: id, handoff_id: `h-${id}`, expires_at: expires });

describe("offers", () => {
  it("ring until the time the gateway said", () => {
    expect(ring([], frame("c1", "2026-11-22T08:00:30Z"), NOW)[0]?.expiresAt).toBe(NOW + 30_000);
  });

  it("ring for a while even when this computer's clock is wrong", () => {
    expect(ring([], frame("c1", "2026-11-22T07:00:00Z"), NOW)[0]?.expiresAt).toBe(NOW + FALLBACK_RING_MS);
    expect(ring([], frame("c1", "2026-11-22T10:00:00Z"), NOW)[0]?.expiresAt).toBe(NOW + FALLBACK_RING_MS);
  });

  it("ring once per conversation and one after another", () => {
    let offers = ring([], frame("c1", "2026-11-22T08:00:30Z"), NOW);
    offers = ring(offers, frame("c2", "2026-11-22T08:00:40Z"), NOW);
    offers = ring(offers, frame("c1", "2026-11-22T08:00:50Z"), NOW);
    expect(offers.map((offer) => offer.conversationId)).toEqual(["c2", "c1"]);
    expect(expire(offers, NOW + 45_000).map((offer) => offer.conversationId)).toEqual(["c1"]);
  });

  it("fall silent when somebody has taken it, and ring on while it waits", () => {
    const offers = ring([], frame("c1", "2026-11-22T08:00:30Z"), NOW);
    expect(follow(offers, waiting("c1"))).toHaveLength(1);
    expect(follow(offers, summary("c1"))).toEqual([]);
  });
});
