import { createConnection } from 'node:net';
import type { LoadClient } from './load-client.ts';
import { pause } from './pause.ts';
import type { DelayReading } from './probed-daemon.ts';
import { residentSetBytes } from './proc.ts';
import { startProbed, type ProbedServer } from './twinreg.ts';

export interface DelayFigures extends DelayReading {
  readonly contacts: number;
  readonly perSecond: number;
  readonly resent: number;
}

export interface DumpFigures extends DelayFigures {
  readonly seconds: number;
  readonly bytes: number;
  /** The greatest resident set during the dump, less that before it. */
  readonly addedBytes: number;
}

const IN_FLIGHT = 64;
/** After the contacts came: until their last flush is on disk and the garbage of their coming is collected. */
const SETTLE_MS = 3000;
const REFRESHES_PER_S = 10_000;
const REFRESHED_S = 20;
const REFRESHES_PER_S_WHILE_DUMPED = 2000;
const SAMPLE_MS = 50;

/** How long the event loop was held up while contacts of a full table were refreshed. */
export function measureDelay(folder: string, port: number, load: LoadClient, contacts: number): Promise<DelayFigures> {
  return withContacts(folder, port, load, contacts, async (server) => {
    const rate = REFRESHES_PER_S;
    const count = Math.min(contacts, rate * REFRESHED_S);
    server.resetDelay();
    const { resent, seconds } = await load.run({ ...base(server), first: 0, count, cseq: 2, pace: { rate } });
    return { ...(await server.readDelay()), contacts, perSecond: count / seconds, resent };
  });
}

/** What `ul_dump` of a full table costs while it is written to: it is read as fast as it comes. */
export function measureDump(folder: string, port: number, load: LoadClient, contacts: number): Promise<DumpFigures> {
  return withContacts(folder, port, load, contacts, async (server) => {
    const rate = REFRESHES_PER_S_WHILE_DUMPED;
    const count = Math.min(contacts, rate * REFRESHED_S);
    const before = residentSetBytes(server.pids());
    let most = before;
    const sampling = setInterval(() => (most = Math.max(most, residentSetBytes(server.pids()))), SAMPLE_MS);
    server.resetDelay();
    const refreshed = load.run({ ...base(server), first: 0, count, cseq: 2, pace: { rate } });
    const dumped = await dump(server.miSocket);
    const delay = await server.readDelay();
    clearInterval(sampling);
    const { resent, seconds } = await refreshed;
    return { ...delay, ...dumped, contacts, perSecond: count / seconds, resent, addedBytes: most - before };
  });
}

async function withContacts<T>(
  folder: string,
  port: number,
  load: LoadClient,
  contacts: number,
  measure: (server: ProbedServer) => Promise<T>,
): Promise<T> {
  const server = await startProbed(folder, port);
  try {
    await load.run({ ...base(server), first: 0, count: contacts, cseq: 1, pace: { inFlight: IN_FLIGHT } });
    await pause(SETTLE_MS);
    return await measure(server);
  } finally {
    await server.stop();
  }
}

/** Reads the answer, which is one line, and keeps nothing of it. */
function dump(miSocket: string): Promise<{ readonly seconds: number; readonly bytes: number }> {
  const beganMs = performance.now();
  const { promise, resolve, reject } = Promise.withResolvers<{ seconds: number; bytes: number }>();
  const socket = createConnection(miSocket);
  let bytes = 0;
  socket.on('error', reject);
  socket.on('data', (chunk) => {
    bytes += chunk.length;
    if (chunk.at(-1) !== LINE_FEED) return;
    resolve({ seconds: (performance.now() - beganMs) / 1000, bytes });
    socket.destroy();
  });
  socket.on('close', () => reject(new Error('the daemon closed its management socket')));
  socket.write('{"jsonrpc":"2.0","id":1,"method":"ul_dump"}\n');
  return promise;
}

const LINE_FEED = 10;

function base(server: ProbedServer): { readonly address: string; readonly port: number } {
  return { address: server.address, port: server.port };
}
