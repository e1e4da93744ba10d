import type { LoadClient } from './load-client.ts';
import type { LoadOrder } from './load.ts';
import { pause } from './pause.ts';
import { cpuUs, residentBytes } from './proc.ts';
import type { Server } from './server.ts';

/** CPU microseconds per REGISTER of all of a server's processes, and the rate that it reached. */
export interface CpuFigure {
  readonly cpuUs: number;
  readonly perSecond: number;
  readonly resent: number;
}

export const LOADS = ['new, closed loop', 'refresh, closed loop', 'new, 8000/s', 'refresh, 8000/s'] as const;
export type CpuFigures = Readonly<Record<(typeof LOADS)[number], CpuFigure>>;
export type Figures<T> = readonly T[];

export interface MemoryFigures {
  /** Proportional set size when empty and when full, bytes. */
  readonly emptyBytes: number;
  readonly fullBytes: number;
}

const IN_FLIGHT = 64;
const PACED_PER_S = 8000;
/** Paced runs last this long: enough for 10 ms ticks to be a small error. */
const PACED_S = 6;
/** What a load leaves to be done later (a flush of the disk, once a second) is its own cost, not the next one's. */
const AFTERWARDS_MS = 1500;
/** So many that Node's compiler has done its work; its time is not that of a REGISTER. */
const WARM_UP_PHONES = 200_000;

export async function measureCpu(server: Server, load: LoadClient, phones: number): Promise<CpuFigures> {
  const closed = { inFlight: IN_FLIGHT };
  const paced = { rate: PACED_PER_S };
  const pacedPhones = PACED_PER_S * PACED_S;
  await load.run({ ...base(server), first: 90_000_000, count: WARM_UP_PHONES, cseq: 1, pace: closed });
  await pause(AFTERWARDS_MS);
  return {
    'new, closed loop': await one(server, load, { ...base(server), first: 0, count: phones, cseq: 1, pace: closed }),
    'refresh, closed loop': await one(server, load, {
      ...base(server),
      first: 0,
      count: phones,
      cseq: 2,
      pace: closed,
    }),
    'new, 8000/s': await one(server, load, {
      ...base(server),
      first: 10_000_000,
      count: pacedPhones,
      cseq: 1,
      pace: paced,
    }),
    'refresh, 8000/s': await one(server, load, {
      ...base(server),
      first: 10_000_000,
      count: pacedPhones,
      cseq: 2,
      pace: paced,
    }),
  };
}

async function one(server: Server, load: LoadClient, order: LoadOrder): Promise<CpuFigure> {
  const pids = server.pids();
  const beforeUs = cpuUs(pids);
  const result = await load.run(order);
  await pause(AFTERWARDS_MS);
  const usedUs = cpuUs(pids) - beforeUs;
  // Sent again, an equal CSeq may be refused (Kamailio does); anything beyond that is no measurement.
  if (result.refused > result.resent)
    throw new Error(`${server.name}: ${String(result.refused)} of ${String(order.count)} refused`);
  return { cpuUs: usedUs / order.count, perSecond: result.answered / result.seconds, resent: result.resent };
}

export async function measureMemory(server: Server, load: LoadClient, contacts: number): Promise<MemoryFigures> {
  const emptyBytes = residentBytes(server.pids());
  await one(server, load, { ...base(server), first: 0, count: contacts, cseq: 1, pace: { inFlight: IN_FLIGHT } });
  return { emptyBytes, fullBytes: residentBytes(server.pids()) };
}

function base(server: Server): Pick<LoadOrder, 'address' | 'port'> {
  return { address: server.address, port: server.port };
}
