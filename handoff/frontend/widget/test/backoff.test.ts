import { describe, expect, it } from "vitest";
import { backoff } from "../src/net/backoff";

describe("the waits between attempts", () => {
  it("begin with half a second and end at half a minute", () => {
    expect([backoff(0, () => 0), backoff(0, () => 1)]).toEqual([250, 500]);
    expect([backoff(100, () => 0), backoff(100, () => 1)]).toEqual([15_000, 30_000]);
  });

  it("bring everybody back within four and a half seconds to a gateway that was away for three", () => {
    for (const random of [() => 0, () => 0.5, () => 1]) {
      let at = 0;
      for (let attempt = 0; at < 3000; attempt++) at += backoff(attempt, random);
      expect(at).toBeLessThanOrEqual(4500);
    }
  });
});
