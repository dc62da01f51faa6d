/** Half a second at first, half a minute at most. */
const FIRST_MS = 500;
const LONGEST_MS = 30_000;
/**
 * Growing by less than a third, nobody waits longer for a gateway that is back than a third as long again as it was away,
 * and half a second: one that starts in three seconds has its customers back within four and a half.
 */
const GROWTH = 1.3;

/**
 * How long to wait before attempt `attempt` (from 0), in milliseconds: growing, and the upper half of it random, so
 * that a thousand customers do not come back in the same moment after a restart.
 */
export function backoff(attempt: number, random: () => number): number {
  const ceiling = Math.min(LONGEST_MS, FIRST_MS * GROWTH ** Math.min(attempt, 20));
  return Math.round(ceiling / 2 + (random() * ceiling) / 2);
}
