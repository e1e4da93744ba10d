import { mkdtempSync, rmSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { startKamailio } from './kamailio.ts';
import { LoadClient } from './load-client.ts';
import { measureCpu, measureMemory, type CpuFigures, type Figures, type MemoryFigures } from './measure.ts';
import { measureDelay, measureDump } from './measure-delay.ts';
import { measurePings } from './measure-pings.ts';
import { cpuTable, delayTable, dumpTable, memoryTable, pingTable } from './report.ts';
import type { StartServer } from './server.ts';
import { startTwinreg } from './twinreg.ts';

/**
 * `npm run bench`: CPU per REGISTER and memory per contact of this registrar beside Kamailio, in one run on one machine; and of
 * this registrar alone, how long its event loop is held up, and what pings cost. `--only cpu,pings` runs only these.
 * Rounds alternate between the servers, because the machine's own speed drifts; the table shows the median of the rounds.
 */
const SERVERS: readonly StartServer[] = [
  startKamailio,
  startTwinreg('single-instance-no-db'),
  startTwinreg('single-instance-sql-write-back'),
];

const SECTIONS = { cpu, memory, delay, dump, pings };

const { values } = parseArgs({
  options: {
    only: { type: 'string', default: Object.keys(SECTIONS).join(',') },
    rounds: { type: 'string', default: '3' },
    phones: { type: 'string', default: '100000' },
    memory: { type: 'string', default: '100000,500000' },
    contacts: { type: 'string', default: '500000' },
    pinged: { type: 'string', default: '60000' },
  },
});

const wanted = values.only.split(',');
const unknown = wanted.find((name) => !(name in SECTIONS));
if (unknown !== undefined) throw new Error(`--only ${unknown}: the sections are ${Object.keys(SECTIONS).join(', ')}`);

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
  console.log(pingTable(await measurePings(...place(), load, Number(values.pinged))));
}

async function withServer<T>(start: StartServer, measure: (server: Awaited<ReturnType<StartServer>>) => Promise<T>) {
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
