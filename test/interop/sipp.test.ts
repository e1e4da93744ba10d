import t from 'tap';
import { join } from 'node:path';
import { Daemon } from '../support/daemon.ts';
import { ENGINES } from '../support/engines.ts';
import { Program } from '../support/program.ts';
import { requireTool } from '../support/require-tool.ts';
import { tempFolder } from '../support/temp-folder.ts';

const { path: sipp = '', skip } = requireTool('sipp', 'sip-tester');
const CALLS = 100;

const WAYS = ENGINES.flatMap((engine) => [
  { engine, transport: 'udp', flag: 'u1' },
  { engine, transport: 'tcp', flag: 't1' },
]);

for (const { engine, transport, flag } of WAYS) {
  const name = `${String(CALLS)} sipp phones register, refresh and query over ${transport} (${engine.name})`;
  t.test(name, { skip }, async (t) => {
    const daemon = await Daemon.start(t, { engine });
    const run = startSipp(daemon, 'register-refresh-query.xml', flag);
    t.equal(await run.ended(), 0, run.output);
    t.match(await daemon.mi('get_statistics', { statistics: ['all'] }), {
      'usrloc:location-contacts': CALLS,
      'registrar:accepted_regs': 3 * CALLS,
      'registrar:rejected_regs': 0,
    });

    const leave = startSipp(daemon, 'unregister.xml', flag);
    t.equal(await leave.ended(), 0, leave.output);
    t.match(await daemon.mi('get_statistics', { statistics: ['all'] }), { 'usrloc:location-contacts': 0 });

    function startSipp(daemon: Daemon, scenario: string, transportFlag: string): Program {
      return new Program(t, sipp, [
        ...['-sf', join(import.meta.dirname, 'sipp', scenario), '-t', transportFlag, '-i', daemon.address],
        ...['-m', String(CALLS), '-r', '200', '-nostdin', '-error_file', join(tempFolder(t), 'errors')],
        `${daemon.address}:${String(daemon.port)}`,
      ]);
    }
  });
}
