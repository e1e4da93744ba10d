import t from 'tap';
import { join } from 'node:path';
import { LogRoot } from '../../lib/app/log.ts';
import { loadTable } from '../../lib/app/storage.ts';
import { ClusterClock } from '../../lib/core/cluster-clock.ts';
import { FORGET_MARGIN_MS, HORIZON_MS } from '../../lib/location/horizon.ts';
import type { ProcessFacts } from '../../lib/mi/commands/process-facts.ts';
import { table } from '../location/support/states.ts';
import { inProcessThread } from '../storage/support/in-process-thread.ts';
import { openFile, openStore } from '../storage/support/open-store.ts';
import { somePut } from '../storage/support/some-records.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { tempFolder } from '../support/temp-folder.ts';

const silent = new LogRoot({ level: 'error', format: 'json', colours: false }, { stream: { write() {} }, flush() {} });
const facts: ProcessFacts = {
  version: '0',
  pid: 1,
  platform: 'x64/linux',
  startedAtMs: 0,
  args: [],
  workingDirectory: () => '/',
  residentBytes: () => 0,
  cpuMs: () => 0,
};

t.test('a start forgets what has outlived all older copies, but not with a twin that it has not met', async (t) => {
  for (const hasTwin of [true, false]) {
    const path = join(tempFolder(t), 'x.db');
    const clock = new ManualClock();
    const options = { clock, startThread: inProcessThread };
    const before = await openStore(path, options);
    const oldMs = clock.wallMs() - HORIZON_MS - FORGET_MARGIN_MS - 1;
    before.table.write('old@d', [[0, somePut('old', oldMs)]]);
    before.table.write('young@d', [[1, somePut('young', oldMs + 2)]]);
    await before.store.close();

    const file = await openFile(path, options);
    const at = table();
    await loadTable(file, at, new ClusterClock(clock, file.markMs, 0), { clock, log: silent, facts }, hasTwin);
    t.equal(at.read('old@d').records.length, hasTwin ? 1 : 0);
    t.equal(at.read('young@d').records.length, 1);
    at.expire(clock.wallMs());
    t.equal(at.statistics().records, hasTwin ? 2 : 1, 'nor does the table before it agreed on a time');
    await file.close();
  }
});
