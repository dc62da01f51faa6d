/** Half a second at first, half a minute at most. */
const FIRST_MS = 500;
const LONGEST_MS = 30_000;
/**
 * Growing by half, nobody waits longer for a gateway that is back than half as long again as it was away, and half a
 * second: one that starts in three seconds has its customers back within five.
 */
const GROWTH = 1.5;

/**
 * How long to wait before attempt `attempt` (from 0), in milliseconds: growing, and the upper half of it random, so
 * that a thousand customers do not come back in the same moment after a restart.
 */
export function backoff(attempt: number, random: () => number): number {
  const ceiling = Math.min(LONGEST_MS, FIRST_MS * GROWTH ** Math.min(attempt, 20));
  return Math.round(ceiling / 2 + (random() * ceiling) / 2);
}
