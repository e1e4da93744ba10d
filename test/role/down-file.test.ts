import t from 'tap';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { systemClock } from '../../lib/core/clock.ts';
import { DownFile } from '../../lib/role/down-file.ts';
import { RecordedLog } from '../sip/embedded/recorded-log.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { until } from '../support/until.ts';

t.test('a file that says 1 while the daemon runs is noticed, and that somebody mends it', async (t) => {
  const [dataFolder, log, heard] = [tempFolder(t), new RecordedLog(), [] as boolean[]];
  const down = new DownFile({ dataFolder, clock: systemClock, log });
  t.teardown(() => down.stop());
  await down.start(() => heard.push(down.isSet));
  t.equal(down.isSet, false, 'without a file nobody says so');
  for (const [text, isSet] of [
    ['1\n', true],
    ['0\n', false],
    ['', false],
    ['-5\n', true],
  ] as const) {
    writeFileSync(join(dataFolder, 'down'), text);
    await until(() => down.isSet === isSet);
  }
  t.same(heard, [true, false, true]);
  t.match(log.lines[0], { level: 'warn', message: /keepalived gives this node no address/ });
});
