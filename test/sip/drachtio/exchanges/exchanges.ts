import { setTimeout as pause } from 'node:timers/promises';
import type { DrachtioServer } from '../../../support/drachtio/place.ts';
import { ADMIN_EXCHANGES } from './admin.ts';
import { ANSWER_EXCHANGES } from './answers.ts';
import { CONNECTION_EXCHANGES } from './connections.ts';
import type { Exchange } from './exchange.ts';
import { INBOUND_EXCHANGES } from './inbound.ts';
import { MALFORMED_EXCHANGES } from './malformed.ts';
import { OUTBOUND_EXCHANGES } from './outbound.ts';
import { Stage } from './stage.ts';

export const EXCHANGES: readonly Exchange[] = [
  ...ADMIN_EXCHANGES,
  ...INBOUND_EXCHANGES,
  ...ANSWER_EXCHANGES,
  ...OUTBOUND_EXCHANGES,
  ...CONNECTION_EXCHANGES,
  ...MALFORMED_EXCHANGES,
];

/** An exchange that stands still for so long waits for what never comes. Long, since the machine of a test may be busy. */
const GIVE_UP_MS = 60_000;

/** Plays an exchange with a server and returns its transcript. */
export async function playExchange(exchange: Exchange, server: DrachtioServer): Promise<string> {
  const stage = new Stage(server, exchange.title);
  const tooLong = new AbortController();
  const playing = exchange.play(stage);
  // It may still fail when the stage is cleared.
  playing.catch(() => undefined);
  try {
    await Promise.race([
      playing,
      pause(GIVE_UP_MS, undefined, { signal: tooLong.signal }).then(() => {
        throw new Error('it stands still');
      }),
    ]);
    return stage.text();
  } catch (error) {
    // What was said until then says more than where it stopped.
    throw new Error(`${error instanceof Error ? error.message : String(error)}\n--- until then:\n${stage.text()}`, {
      cause: error,
    });
  } finally {
    tooLong.abort();
    await stage.end();
  }
}
