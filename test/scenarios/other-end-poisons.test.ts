import t from 'tap';
import { removed, version } from '../location/support/states.ts';
import { BesiegedDaemon } from '../support/besieged-daemon.ts';
import { FollowingTwin, logFrame } from '../support/following-twin.ts';
import { RawTwin } from '../support/raw-twin.ts';
import { until } from '../support/until.ts';

/*
 * A twin that knows the secret, keeps to the form of every frame, and means something that no node in its right mind
 * means. The link may go; the process, the phones and the node's own time may not.
 */

const HOUR_MS = 3_600_000;
const CLOCKS_MS: readonly (readonly [name: string, ms: number])[] = [
  ['a clock at the end of time', 2 ** 48 - 20],
  ['a clock of 1970', 5],
];

t.test('a daemon that has not used its clock takes over no clock that cannot be', async (t) => {
  const besieged = await BesiegedDaemon.start(t);
  for (const [name, ms] of CLOCKS_MS) {
    const raw = await RawTwin.connect(t, besieged);
    await raw.greet({ hello: { clean: false }, aheadMs: ms - Date.now() });
    t.match(await raw.ended(), { reason: 'clock', text: /which cannot be/ }, `${name}: the other end is told`);
    t.match(await besieged.refusal(), { by: 'us', reason: 'clock', text: /which cannot be/ }, 'and the operator');
  }
  t.same(besieged.lines('cluster time taken over'), []);
  await besieged.unharmed(t);
});

t.test('a heartbeat that is an hour off does not take the daemon along', async (t) => {
  const besieged = await BesiegedDaemon.start(t, { cluster: { nodeId: 2 } });
  const twin = await FollowingTwin.inSync(t, besieged, { hello: { nodeId: 1 } });
  await besieged.serves(t);
  // The daemon's heartbeats are answered at once, by a clock that has just gone ahead.
  twin.raw.aheadMs = HOUR_MS;
  const isAway = () =>
    besieged.lines('cluster time taken over').some((line) => Number(line['shiftedMs']) > HOUR_MS / 2);
  await until(() => isAway() || twin.raw.socket.closed);
  t.notOk(isAway(), 'its time stays');
  t.match(await besieged.refusal(), { by: 'us', reason: 'clock' }, 'and it says why the link is gone');
  await besieged.unharmed(t);
});

t.test('more records of one AoR than any table takes stop nobody', async (t) => {
  const besieged = await BesiegedDaemon.start(t, { load: { perSecond: 200, phones: 50 } });
  const twin = await FollowingTwin.inSync(t, besieged);
  const nowMs = Date.now();
  const fields = { callId: '', version: version(nowMs, 0, 2), expiresAtMs: nowMs };
  for (let frame = 0; frame < 20; frame += 1) {
    const records = Array.from({ length: 1000 }, (_, index) =>
      removed(`sip:${frame * 1000 + index}@example.com`, fields),
    );
    twin.raw.send(logFrame(frame + 1, [{ aor: 'many@example.com', floor: undefined, records }]));
  }
  await besieged.serves(t);
  t.match(await twin.raw.ended(), { reason: 'protocol-error', text: /^record-invalid: / }, 'the twin is told');
  await besieged.unharmed(t);
});
