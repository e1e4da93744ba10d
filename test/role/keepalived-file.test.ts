import t, { type Test } from 'tap';
import { rmSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { KeepalivedFile } from '../../lib/role/keepalived-file.ts';
import { RecordedLog } from '../sip/embedded/recorded-log.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { until } from '../support/until.ts';

const WRITTEN_AT_S = 1_800_000_000;
const SINCE = new Date(WRITTEN_AT_S * 1000).toISOString();

/** What the daemon makes of a file that says one thing after the other. */
async function watched(t: Test) {
  const [dataFolder, clock, log] = [tempFolder(t), new ManualClock(), new RecordedLog()];
  const [heard, told] = [[] as boolean[], [] as string[]];
  const keepalived = new KeepalivedFile({ dataFolder, clock, log, tell: (text) => told.push(text) });
  await keepalived.start(() => heard.push(keepalived.isWithoutAddress));
  t.teardown(() => keepalived.stop());
  const path = join(dataFolder, 'keepalived');
  const says = (text: string) => {
    writeFileSync(path, text);
    utimesSync(path, WRITTEN_AT_S, WRITTEN_AT_S);
  };
  const looks = async (times: number) => {
    for (; times > 0; times -= 1) {
      clock.advance(500);
      await until(() => clock.timerCount === 1);
    }
  };
  return { keepalived, log, heard, told, path, says, looks };
}

t.test('a state without the address is known at once, and told when it lasts', async (t) => {
  const { keepalived, log, heard, told, says, looks } = await watched(t);
  t.equal(keepalived.isWithoutAddress, false, 'without a file nothing is known');
  says('FAULT\n');
  await looks(1);
  t.same([heard, keepalived.trouble, told], [[true], undefined, []]);
  await looks(10);
  t.same(keepalived.trouble, { state: 'FAULT', sinceMs: WRITTEN_AT_S * 1000 });
  t.same(told, [`FAULT since ${SINCE}: it gives this node no address`]);
  t.match(log.lines, [
    { level: 'warn', fields: { state: 'FAULT', since: SINCE }, message: 'keepalived gives this node no address' },
  ]);
  says('STOP\n');
  await looks(1);
  t.match(keepalived.trouble, { state: 'STOP' });
  says('BACKUP\n');
  await looks(2);
  t.same([heard, keepalived.trouble], [[true, false], undefined]);
  t.same(told.slice(1), [
    `STOP since ${SINCE}: it gives this node no address`,
    'BACKUP: it may give this node the address again',
  ]);
});

t.test('what belongs to a start or a handover is told nobody', async (t) => {
  const { keepalived, log, heard, told, says, looks } = await watched(t);
  for (const text of ['STOP\n', 'BACKUP\n', 'FAULT\n', 'MASTER\n', 'FAULT\n', 'nonsense\n', '']) {
    says(text);
    await looks(8);
  }
  t.same(heard, [true, false, true, false, true, false], 'but the twin');
  t.same([keepalived.trouble, told, log.lines], [undefined, [], []]);
});

t.test('a file that is taken away ends it', async (t) => {
  const { keepalived, told, path, says, looks } = await watched(t);
  says('STOP\n');
  await looks(12);
  rmSync(path);
  await looks(1);
  t.same([keepalived.isWithoutAddress, keepalived.trouble], [false, undefined]);
  t.match(told, [/^STOP since /, 'no state known: it may give this node the address again']);
});
