/** Half a second at first, half a minute at most. */
const FIRST_MS = 500;
const LONGEST_MS = 30_000;

/**
 * How long to wait before attempt `attempt` (from 0), in milliseconds: doubling, and the upper half of it random, so
 * that a thousand customers do not come back in the same moment after a restart.
 */
export function backoff(attempt: number, random: () => number): number {
  const ceiling = Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.min(attempt, 10));
  return Math.round(ceiling / 2 + (random() * ceiling) / 2);
}
