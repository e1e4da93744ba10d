import { setTimeout as pause } from 'node:timers/promises';

/** Between two looks. */
const PAUSE_MS = 20;
/** By then what is waited for will not come any more; long, since the machine of a test may be busy. */
const GIVE_UP_MS = 60_000;

/** Asks again and again until the answer is neither false nor undefined, and returns it; rejects when it never is. */
export async function until<T>(ask: () => Promise<T | undefined | false> | T | undefined | false): Promise<T> {
  for (let waitedMs = 0; waitedMs < GIVE_UP_MS; waitedMs += PAUSE_MS) {
    const answer = await ask();
    if (answer !== undefined && answer !== false) return answer;
    await pause(PAUSE_MS);
  }
  throw new Error(`waited for in vain: ${ask.toString()}`);
}
