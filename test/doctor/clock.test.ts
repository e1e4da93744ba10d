import t from 'tap';
import { checkClock } from '../../lib/doctor/clock.ts';
import { answer, STATUS } from './support/healthy.ts';
import { said } from './support/said.ts';

function check(offsetMs: number, wallMs = 0, isSynchronised: boolean | undefined = true) {
  const twin = { outgoing: 'in-sync', synced: true, ...STATUS.replication };
  const replication = { ...twin, clock_offset_ms: offsetMs, wall_clock_offset_ms: wallMs };
  return said(checkClock({ answer: answer({ replication }), isSynchronised }));
}

t.test('clocks that agree', async (t) => {
  t.strictSame(check(900, -2500), []);
});

t.test('clocks that differ', async (t) => {
  t.match(check(1500), [/^warning: the clock of the other node is 1500 ms ahead of this one's/]);
  t.match(check(-1500), [/^warning: .* 1500 ms behind this one's/]);
  t.match(check(61_000), [/^error: .* 61000 ms ahead/]);
  t.match(check(0, 4000), [/^warning: the time that both nodes go by is 4000 ms ahead of this machine's clock/]);
});

t.test('a clock that nobody keeps right, and one of which nobody says', async (t) => {
  t.match(check(0, 0, false), [/^warning: the clock of this host is not synchronised/]);
  t.match(said(checkClock({ answer: answer(), isSynchronised: undefined })), [
    /^unchecked: whether the clock is kept right/,
  ]);
});
