import type { TwinGate } from './ports.ts';

/** Stands where nobody waits for the twin (`commit: local`). */
export const OPEN_GATE: TwinGate = {
  settle: (_aor, done) => done(),
  changed: () => undefined,
  committedUpTo: () => undefined,
  open: () => undefined,
  close: () => true,
};
