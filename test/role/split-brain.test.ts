import t from 'tap';
import { join } from 'node:path';
import { LINK_ENDED, Role } from '../../lib/role/role.ts';
import { SplitBrain } from '../../lib/role/split-brain.ts';
import { RecordedLog } from '../sip/embedded/recorded-log.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { ProcessClock, T0 } from './support/shared-time.ts';

const BOTH = { own: { nodeId: 1, takenAtMs: 0 }, twin: { nodeId: 2, takenAtMs: T0 } };

function newSplitBrain() {
  const [clock, log] = [new ManualClock(), new RecordedLog()];
  const splitBrain = new SplitBrain(clock, log);
  const heard: string[] = [];
  splitBrain.addListener({
    began: () => heard.push('began'),
    ended: (_both, reason) => heard.push(`ended: ${reason}`),
    lost: () => heard.push('lost'),
  });
  return { splitBrain, clock, log, heard };
}

t.test('both nodes are active for a moment while the address moves: that is none', (t) => {
  const { splitBrain, clock, log, heard } = newSplitBrain();
  splitBrain.bothActiveChanged(true, BOTH, 'the twin announced it');
  clock.advance(999);
  splitBrain.bothActiveChanged(false, BOTH, 'the address is not here');
  clock.advance(10_000);
  t.match(splitBrain, { count: 0, isNow: false });
  t.same(heard, []);
  t.same(log.lines, []);
  t.equal(clock.timerCount, 0);
  t.end();
});

t.test('after a second it is one: counted, told and logged, once, and so is its end', (t) => {
  const { splitBrain, clock, log, heard } = newSplitBrain();
  splitBrain.bothActiveChanged(true, BOTH, 'the twin announced it');
  clock.advance(1000);
  t.match(splitBrain, { count: 1, isNow: true });
  clock.advance(60_000);
  splitBrain.bothActiveChanged(false, BOTH, 'nh_enable_ping');
  t.match(splitBrain, { count: 1, isNow: false });
  t.same(heard, ['began', 'ended: nh_enable_ping']);
  const fields = { nodeId: 1, takenAt: 'never', twinId: 2, twinTakenAt: '2024-11-26T19:40:00.000Z' };
  t.match(log.lines, [
    { level: 'warn', fields, message: /^both nodes are active/ },
    { level: 'info', fields: { ...fields, reason: 'nh_enable_ping' }, message: /not any more/ },
  ]);
  t.end();
});

t.test('the next one counts again', (t) => {
  const { splitBrain, clock } = newSplitBrain();
  for (let i = 0; i < 3; i++) {
    splitBrain.bothActiveChanged(true, BOTH, '');
    clock.advance(1000);
    splitBrain.bothActiveChanged(false, BOTH, '');
  }
  t.equal(splitBrain.count, 3);
  t.end();
});

t.test('the end of the link ends none: nobody knows any more', (t) => {
  const { splitBrain, clock, log, heard } = newSplitBrain();
  splitBrain.bothActiveChanged(true, BOTH, '');
  clock.advance(1000);
  splitBrain.bothActiveChanged(false, BOTH, LINK_ENDED);
  t.match(splitBrain, { count: 1, isNow: false });
  t.same(heard, ['began', 'lost']);
  t.match(log.lines.at(-1), { level: 'warn', message: /nobody knows/ });
  t.end();
});

t.test('what the twin said before this node took over does not count, until it says so again', async (t) => {
  const { splitBrain, clock, heard } = newSplitBrain();
  const settings = { path: join(tempFolder(t), 'role'), atFirst: 'active', nodeId: 1, address: 'watched' } as const;
  const role = await Role.open(settings, new ProcessClock(), new RecordedLog());
  role.addListener(splitBrain);
  const twin = { nodeId: 2, takenAtMs: T0 - 60_000 };
  await role.addressChanged(false);
  role.twinAnnounced(twin);
  t.match(role, { isTwinActive: true, otherActive: undefined });
  await role.addressChanged(true);
  clock.advance(5000);
  t.match(role, { name: 'active', isOpen: true, isTwinActive: false, otherActive: undefined });
  t.same(heard, [], 'a twin that is cut off, or hangs, is not active for all that is known');
  role.twinAnnounced(twin);
  t.match(role, { isTwinActive: true, otherActive: twin });
  clock.advance(1000);
  t.same(heard, ['began']);
  role.twinAnnounced(undefined, false);
  t.same(heard, ['began', 'lost']);
  t.match(role, { isTwinActive: false, otherActive: undefined });
});
