import { mkdtempSync, rmSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { startKamailio } from './kamailio.ts';
import { LoadClient } from './load-client.ts';
import { measureCpu, measureMemory, type CpuFigures, type Figures, type MemoryFigures } from './measure.ts';
import { cpuTable, memoryTable } from './report.ts';
import type { StartServer } from './server.ts';
import { startTwinreg } from './twinreg.ts';

/**
 * `npm run bench`: CPU per REGISTER and memory per contact of this registrar beside Kamailio, in one run on one machine.
 * Rounds alternate between the servers, because the machine's own speed drifts; the table shows the median of the rounds.
 */
const SERVERS: readonly StartServer[] = [
  startKamailio,
  startTwinreg('single-instance-no-db'),
  startTwinreg('single-instance-sql-write-back'),
];

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '3' },
    phones: { type: 'string', default: '100000' },
    memory: { type: 'string', default: '100000,500000' },
  },
});

const FIRST_PORT = 25060;
let nextPort = FIRST_PORT;

const folder = mkdtempSync(join(tmpdir(), 'twinreg-bench-'));
const load = new LoadClient();
try {
  console.log(`${cpus()[0]?.model ?? 'unknown processor'}, ${cpus().length} cores; server on one, load on another\n`);
  const cpu = new Map<string, Figures<CpuFigures>>();
  for (let round = 0; round < Number(values.rounds); round++) {
    for (const start of SERVERS) {
      const { name, figures } = await withServer(start, (server) => measureCpu(server, load, Number(values.phones)));
      cpu.set(name, [...(cpu.get(name) ?? []), figures]);
      console.error(`round ${round + 1}: ${name}: ${JSON.stringify(figures)}`);
    }
  }
  console.log(cpuTable(cpu));
  for (const contacts of values.memory.split(',').map(Number).filter(Boolean)) {
    const memory = new Map<string, MemoryFigures>();
    for (const start of SERVERS) {
      const { name, figures } = await withServer(start, (server) => measureMemory(server, load, contacts));
      memory.set(name, figures);
    }
    console.log(memoryTable(contacts, memory));
  }
} finally {
  load.stop();
  rmSync(folder, { recursive: true, force: true });
}

async function withServer<T>(start: StartServer, measure: (server: Awaited<ReturnType<StartServer>>) => Promise<T>) {
  const port = nextPort++;
  const server = await start(join(folder, String(port)), port);
  try {
    return { name: server.name, figures: await measure(server) };
  } finally {
    await server.stop();
  }
}
