import type { LoadClient } from './load-client.ts';
import type { FrontedServer } from './fronted.ts';
import { pause } from './pause.ts';
import { Phones } from './phones.ts';
import { cpuUs } from './proc.ts';

export interface PingFigures {
  readonly contacts: number;
  readonly intervalS: number;
  /** Of the daemon, all threads: sending a ping, and taking its answer. */
  readonly cpuUsPerPing: number;
  /** Of the drachtio-server in front of it, where there is one. */
  readonly frontUsPerPing: number;
  readonly pingsPerSecond: number;
  readonly seconds: number;
}

export const PING_INTERVAL_S = 6;
/** Before and while is measured: the first interval still has the registrations in it. */
const INTERVALS_BEFORE = 2;
const INTERVALS_MEASURED = 3;
const IN_FLIGHT = 64;

/** What pinging costs: `contacts` phones that answer, each pinged every six seconds by a server that was started to do so. */
export async function measurePings(server: FrontedServer, load: LoadClient, contacts: number): Promise<PingFigures> {
  const phones = await Phones.start();
  try {
    const { address, port } = server;
    const pace = { inFlight: IN_FLIGHT };
    await load.run({ address, port, first: 0, count: contacts, cseq: 1, pace, contactPort: phones.port });
    await pause(INTERVALS_BEFORE * PING_INTERVAL_S * 1000);
    const pids = server.pids();
    const beganMs = performance.now();
    const frontPids = server.frontPids();
    const before = { cpuUs: cpuUs(pids), frontUs: cpuUs(frontPids), answered: await phones.answered() };
    await pause(INTERVALS_MEASURED * PING_INTERVAL_S * 1000);
    const pings = (await phones.answered()) - before.answered;
    const usedUs = cpuUs(pids) - before.cpuUs;
    const frontUs = cpuUs(frontPids) - before.frontUs;
    if (pings === 0) throw new Error('no phone was pinged');
    const seconds = (performance.now() - beganMs) / 1000;
    return {
      contacts,
      intervalS: PING_INTERVAL_S,
      frontUsPerPing: frontUs / pings,
      cpuUsPerPing: usedUs / pings,
      pingsPerSecond: pings / seconds,
      seconds,
    };
  } finally {
    phones.stop();
  }
}
