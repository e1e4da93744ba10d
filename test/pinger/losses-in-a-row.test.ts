import t from 'tap';
import type { Binding } from '../../lib/location/record.ts';
import { DEFAULTS, INTERVAL_MS, PingerWorld, THRESHOLD_MS, TICK_MS } from './support/pinger-world.ts';

/** Alice, who has lost two of three. */
function twoLost(fields: Partial<Binding> = {}): PingerWorld {
  const world = new PingerWorld();
  world.answerOf = () => undefined;
  world.register('alice', fields);
  world.untilPinged();
  world.untilPinged();
  world.clock.advance(THRESHOLD_MS + TICK_MS);
  return world;
}

function loseOne(world: PingerWorld): void {
  world.untilPinged();
  world.clock.advance(THRESHOLD_MS + TICK_MS);
}

function endAll(world: PingerWorld, origin: 'sip' | 'mi'): void {
  world.table.commit({ aor: 'alice', origin, changes: [{ kind: 'floor', callId: 'c', cseq: 9 }] }, world.clusterMs);
}

t.test('the log says how many were lost', async (t) => {
  const world = twoLost();
  world.register('alice', { cflags: 'SIPPING_ENABLE' });
  loseOne(world);
  loseOne(world);
  world.register('alice');
  loseOne(world);
  t.match(
    world.log.lines.filter(({ level }) => level === 'info').map(({ fields }) => fields),
    [{ aor: 'alice', pingsLost: 5 }],
    'although max_pings_lost is 3',
  );
});

for (const [what, origin] of [
  ['Contact: *', 'sip'],
  ['a removal of the AoR by an operator', 'mi'],
] as const) {
  t.test(`${what} ends what is out, and a new registration starts at 0`, async (t) => {
    const world = twoLost();
    const { token } = world.untilPinged();
    endAll(world, origin);
    t.match(world.stats, { enrolled: 0, lost: 2 });
    world.register('alice');
    t.equal(world.stats.enrolled, 1);
    world.pinger.onReply(token, 200);
    world.clock.advance(THRESHOLD_MS + TICK_MS);
    t.match(world.stats, { lost: 2, answered: 0, strayReplies: 1 });
    loseOne(world);
    t.ok(world.isShown('alice'));
    loseOne(world);
    loseOne(world);
    t.notOk(world.isShown('alice'));
  });
}

t.test('what a floor leaves alone goes on', async (t) => {
  const world = twoLost();
  const before = world.table.read('alice');
  world.clock.advance(1000);
  world.register('alice');
  // A floor that another node set before this refresh comes late.
  const version = { ...(before.records[0]?.version ?? { ms: 0, counter: 0, nodeId: 1, incarnation: 0 }) };
  const floor = { version, callId: 'c', cseq: 9 };
  world.table.merge({ aor: 'alice', floor, records: [] }, 'peer', world.clusterMs);
  t.ok(world.isShown('alice'));
  loseOne(world);
  t.notOk(world.isShown('alice'), 'the third one lost');
});

t.test('a floor and a newer registration that come together start the contact anew', async (t) => {
  const world = twoLost();
  const other = new PingerWorld();
  other.clock.advance(world.nowMs + 1000);
  endAll(other, 'sip');
  other.register('alice');
  world.clock.advance(2000);
  world.table.merge(other.table.read('alice'), 'peer', world.clusterMs);
  t.ok(world.isShown('alice'));
  loseOne(world);
  t.ok(world.isShown('alice'));
});

t.test('an interval in which no OPTIONS leaves ends the row', async (t) => {
  const tcp = { received: 'sip:198.51.100.7:40000;transport=tcp' };
  for (const outcome of ['no-connection', 'no-socket', 'unresolved', 'refused'] as const) {
    const world = twoLost(tcp);
    world.outcomeOf = () => outcome;
    world.clock.advance(INTERVAL_MS);
    world.outcomeOf = () => 'sent';
    world.sent.length = 0;
    loseOne(world);
    t.match(world.stats, { lost: 3, removed: 0 }, outcome);
  }
  const switched = twoLost(tcp);
  switched.pinger.reconfigure({ ...DEFAULTS, pingsConnections: false });
  switched.clock.advance(INTERVAL_MS);
  switched.pinger.reconfigure(DEFAULTS);
  loseOne(switched);
  t.match(switched.stats, { lost: 3, removed: 0 }, 'not pinged at all');
});

t.test('a contact that expired and registers before its next turn starts at 0', async (t) => {
  const world = new PingerWorld();
  world.answerOf = () => undefined;
  world.register('alice');
  const first = world.untilPinged();
  const expiresAtMs = world.clusterMs + INTERVAL_MS + THRESHOLD_MS + 2 * TICK_MS;
  world.register('alice', {}, { expiresAtMs });
  loseOne(world);
  t.match(world.stats, { lost: 2 });
  world.clock.advance(4 * TICK_MS);
  t.notOk(world.isShown('alice'));
  world.register('alice');
  loseOne(world);
  t.ok(world.nowMs < first.atMs + 3 * INTERVAL_MS, 'its turn came as ever');
  t.match(world.stats, { lost: 3, removed: 0 });
});

t.test('what the system refused to send is no lost ping, ends the row, and is counted', async (t) => {
  const world = twoLost();
  const { token } = world.untilPinged();
  world.pinger.onUnsent(token);
  t.match(world.stats, { unanswered: 0, optionsSent: 3, skipped: { unsent: 1 } });
  world.pinger.onUnsent(token);
  world.pinger.onUnsent('0123456789abcdef');
  world.pinger.onReply(token, 200);
  t.match(world.stats, { answered: 0, strayReplies: 1, skipped: { unsent: 1 } }, 'once');
  world.clock.advance(THRESHOLD_MS + TICK_MS);
  t.match(world.stats, { lost: 2, removed: 0 });
  loseOne(world);
  t.ok(world.isShown('alice'), 'the row began anew');
});
