/** Two clocks may be a minute apart and work together; what is kept leaves a margin of 90 s above that. */
const AHEAD_MAX_MS = 60_000 + 90_000;

/**
 * When a role was taken that an earlier life of this node stored. A time that lies ahead by more than clocks may differ is
 * no time at which anything happened, and would outrank every later order: it counts as now.
 */
export function takenAtMs(storedMs: number, nowMs: number): number {
  return storedMs > nowMs + AHEAD_MAX_MS ? nowMs : storedMs;
}
