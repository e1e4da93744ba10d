import type { LoadClient } from './load-client.ts';
import { pause } from './pause.ts';
import { Phones } from './phones.ts';
import { cpuUs } from './proc.ts';
import { startPinging } from './twinreg.ts';

export interface PingFigures {
  readonly contacts: number;
  readonly intervalS: number;
  /** Of the daemon, all threads: sending a ping, and taking its answer. */
  readonly cpuUsPerPing: number;
  readonly pingsPerSecond: number;
  readonly seconds: number;
}

const INTERVAL_S = 6;
/** Before and while is measured: the first interval still has the registrations in it. */
const INTERVALS_BEFORE = 2;
const INTERVALS_MEASURED = 3;
const IN_FLIGHT = 64;

/** What pinging costs: `contacts` phones that answer, each pinged every six seconds. */
export async function measurePings(
  folder: string,
  port: number,
  load: LoadClient,
  contacts: number,
): Promise<PingFigures> {
  const phones = await Phones.start();
  const server = await startPinging(folder, port, INTERVAL_S);
  try {
    const { address } = server;
    const pace = { inFlight: IN_FLIGHT };
    await load.run({ address, port, first: 0, count: contacts, cseq: 1, pace, contactPort: phones.port });
    await pause(INTERVALS_BEFORE * INTERVAL_S * 1000);
    const pids = server.pids();
    const beganMs = performance.now();
    const before = { cpuUs: cpuUs(pids), answered: await phones.answered() };
    await pause(INTERVALS_MEASURED * INTERVAL_S * 1000);
    const pings = (await phones.answered()) - before.answered;
    const usedUs = cpuUs(pids) - before.cpuUs;
    if (pings === 0) throw new Error('no phone was pinged');
    const seconds = (performance.now() - beganMs) / 1000;
    return {
      contacts,
      intervalS: INTERVAL_S,
      cpuUsPerPing: usedUs / pings,
      pingsPerSecond: pings / seconds,
      seconds,
    };
  } finally {
    await server.stop();
    phones.stop();
  }
}
