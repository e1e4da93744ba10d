import { mkdtempSync, rmSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { FRONT_NAME, receiveBufferBytes } from './drachtio-front.ts';
import { startApp, startBehind, startPairBehind, unfronted, unfrontedPair, type StartContestant } from './fronted.ts';
import { startKamailioPair } from './kamailio-pair.ts';
import { startKamailio } from './kamailio.ts';
import { LoadClient } from './load-client.ts';
import { measureCpu, measureMemory, type CpuFigures, type Figures, type MemoryFigures } from './measure.ts';
import { measureDelay, measureDump } from './measure-delay.ts';
import { measureFronted, type FrontedFigures } from './measure-fronted.ts';
import { measureLag, type LagFigures } from './measure-lag.ts';
import { measurePair, type PairFigures } from './measure-pair.ts';
import { measureSync } from './measure-sync.ts';
import { PING_INTERVAL_S, measurePings, type PingFigures } from './measure-pings.ts';
import { frontedPingTable, frontedTable, goalTable } from './report-fronted.ts';
import { lagTable, pairTable, syncTable } from './report-pair.ts';
import { cpuTable, delayTable, dumpTable, memoryTable, pingTable } from './report.ts';
import type { StartServer } from './server.ts';
import { startTwinregPair } from './twinreg-pair.ts';
import { startTwinreg } from './twinreg.ts';

/**
 * `npm run bench`: CPU per REGISTER and memory per contact of this registrar beside Kamailio, in one run on one machine; and of
 * this registrar alone, how long its event loop is held up, and what pings cost. Then the same for pairs that replicate, with the
 * lag of the other node, and how long a node takes to join; and what registrars cost behind a drachtio-server, whose program
 * DRACHTIO_BIN names. `--only cpu,pings` runs only these, `--pairs no-db` measures only that pair.
 * Rounds alternate between the servers, because the machine's own speed drifts; the table shows the median of the rounds.
 */
const SERVERS: readonly StartServer[] = [
  startKamailio,
  startTwinreg('single-instance-no-db'),
  startTwinreg('single-instance-sql-write-back'),
];

const PAIRS = {
  kamailio: startKamailioPair,
  'no-db': startTwinregPair('no-db'),
  'write-back': startTwinregPair('sql-write-back'),
};

/** The first one is what the others are compared with. */
const CONTESTANTS: readonly StartContestant[] = [
  startApp,
  startBehind('single-instance-no-db'),
  startBehind('single-instance-sql-write-back'),
  startPairBehind,
  unfronted(startTwinreg('single-instance-no-db')),
  unfronted(startTwinreg('single-instance-sql-write-back')),
  unfrontedPair(startTwinregPair('sql-write-back')),
];
const PINGS_PER_S_MAX = 1000;

const SECTIONS = { cpu, memory, delay, dump, pings, pair, lag, sync, drachtio };

const { values } = parseArgs({
  options: {
    only: { type: 'string', default: Object.keys(SECTIONS).join(',') },
    rounds: { type: 'string', default: '3' },
    phones: { type: 'string', default: '100000' },
    memory: { type: 'string', default: '100000,500000' },
    contacts: { type: 'string', default: '500000' },
    pairs: { type: 'string', default: Object.keys(PAIRS).join(',') },
    synced: { type: 'string', default: '100000,500000' },
    pinged: { type: 'string', default: '60000' },
    registers: { type: 'string', default: '40000' },
  },
});

const PINGING = unfronted(startTwinreg('single-instance-sql-write-back', PING_INTERVAL_S));

const wanted = namesOf('only', values.only, SECTIONS);
const wantedPairs = namesOf('pairs', values.pairs, PAIRS);
const pairs = Object.entries(PAIRS).flatMap(([name, start]) => (wantedPairs.includes(name) ? [start] : []));

const LAG_LOADS_PER_S = [100, 2000, 5000];

const FIRST_PORT = 25060;
let nextPort = FIRST_PORT;

const folder = mkdtempSync(join(tmpdir(), 'twinreg-bench-'));
const load = new LoadClient();
try {
  console.log(`${cpus()[0]?.model ?? 'unknown processor'}, ${cpus().length} cores; server on one, load on another\n`);
  for (const [name, section] of Object.entries(SECTIONS)) if (wanted.includes(name)) await section();
} finally {
  load.stop();
  rmSync(folder, { recursive: true, force: true });
}

/** The names in a list, each of which is one of those that there are. */
function namesOf(option: string, list: string, known: object): readonly string[] {
  const names = list.split(',');
  const unknown = names.find((name) => !(name in known));
  if (unknown === undefined) return names;
  throw new Error(`--${option} ${unknown}: there are ${Object.keys(known).join(', ')}`);
}

async function cpu(): Promise<void> {
  const all = new Map<string, Figures<CpuFigures>>();
  for (let round = 0; round < Number(values.rounds); round++) {
    for (const start of SERVERS) {
      const { name, figures } = await withServer(start, (server) => measureCpu(server, load, Number(values.phones)));
      all.set(name, [...(all.get(name) ?? []), figures]);
      console.error(`round ${round + 1}: ${name}: ${JSON.stringify(figures)}`);
    }
  }
  console.log(cpuTable(all));
}

async function memory(): Promise<void> {
  for (const contacts of values.memory.split(',').map(Number).filter(Boolean)) {
    const all = new Map<string, MemoryFigures>();
    for (const start of SERVERS) {
      const { name, figures } = await withServer(start, (server) => measureMemory(server, load, contacts));
      all.set(name, figures);
    }
    console.log(memoryTable(contacts, all));
  }
}

async function delay(): Promise<void> {
  console.log(delayTable(await measureDelay(...place(), load, Number(values.contacts))));
}

async function dump(): Promise<void> {
  console.log(dumpTable(await measureDump(...place(), load, Number(values.contacts))));
}

async function pings(): Promise<void> {
  const { figures } = await withServer(PINGING, ({ active }) => measurePings(active, load, Number(values.pinged)));
  console.log(pingTable(figures));
}

async function pair(): Promise<void> {
  const all = new Map<string, readonly PairFigures[]>();
  for (let round = 0; round < Number(values.rounds); round++) {
    for (const start of pairs) {
      const { name, figures } = await withServer(start, (pair) => measurePair(pair, load, Number(values.phones)));
      all.set(name, [...(all.get(name) ?? []), figures]);
      console.error(`round ${round + 1}: ${name}: ${JSON.stringify(figures)}`);
    }
  }
  console.log(pairTable(all));
}

async function lag(): Promise<void> {
  const all = new Map<string, readonly LagFigures[]>();
  const beside = new LoadClient();
  try {
    for (const start of pairs) {
      const { name, figures } = await withServer(start, (pair) => measureLag(pair, load, beside, LAG_LOADS_PER_S));
      all.set(name, figures);
    }
  } finally {
    beside.stop();
  }
  console.log(lagTable(all));
}

async function sync(): Promise<void> {
  for (const contacts of values.synced.split(',').map(Number).filter(Boolean)) {
    console.log(syncTable(await measureSync(...place(), load, contacts)));
  }
}

async function drachtio(): Promise<void> {
  const all = new Map<string, readonly FrontedFigures[]>();
  for (let round = 0; round < Number(values.rounds); round++) {
    for (const start of CONTESTANTS) {
      const { name, figures } = await withServer(start, (one) => measureFronted(one, load, Number(values.registers)));
      all.set(name, [...(all.get(name) ?? []), figures]);
      console.error(`round ${round + 1}: ${name}: ${JSON.stringify(figures)}`);
    }
  }
  console.log(`In front: ${FRONT_NAME}; net.core.rmem_default ${receiveBufferBytes()}\n`);
  console.log(frontedTable(all));
  console.log(goalTable(all));
  console.log(frontedPingTable(await frontedPings()));
}

/** At the rate that the engine allows behind a drachtio-server, and when twice as many are due. */
async function frontedPings(): Promise<ReadonlyMap<string, readonly PingFigures[]>> {
  const all = new Map<string, readonly PingFigures[]>();
  for (const start of [startBehind('single-instance-sql-write-back', PING_INTERVAL_S), PINGING]) {
    for (const perSecond of [PINGS_PER_S_MAX, 2 * PINGS_PER_S_MAX]) {
      const contacts = perSecond * PING_INTERVAL_S;
      const { name, figures } = await withServer(start, ({ active }) => measurePings(active, load, contacts));
      all.set(name, [...(all.get(name) ?? []), figures]);
    }
  }
  return all;
}

interface Stoppable {
  readonly name: string;
  stop(): Promise<void>;
}

async function withServer<Started extends Stoppable, T>(
  start: (folder: string, port: number) => Promise<Started>,
  measure: (started: Started) => Promise<T>,
) {
  const server = await start(...place());
  try {
    return { name: server.name, figures: await measure(server) };
  } finally {
    await server.stop();
  }
}

/** A folder and a port for the next server. */
function place(): [folder: string, port: number] {
  const port = nextPort++;
  return [join(folder, String(port)), port];
}
