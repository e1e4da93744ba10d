import t from 'tap';
import { judgement, recordOf as recordIn } from '../location/support/states.ts';
import { contactOf, DEFAULTS, INTERVAL_MS, PingerWorld, THRESHOLD_MS, TICK_MS } from './support/pinger-world.ts';

function silent(world: PingerWorld): PingerWorld {
  world.answerOf = () => undefined;
  return world;
}

t.test(
  'a contact is removed after exactly max_pings_lost lost pings, ping_threshold after the last of them',
  async (t) => {
    for (const [lostMax, intervalMs, thresholdMs] of [
      [1, 30_000, 3000],
      [3, 30_000, 3000],
      [5, 30_000, 3000],
      [3, 3000, 3000],
      [2, 1000, 500],
      [7, 60_000, 10_000],
    ] as const) {
      const world = silent(new PingerWorld({ settings: { lostMax, intervalMs, thresholdMs } }));
      world.register('alice');
      let last = { atMs: 0 };
      for (let count = 0; count < lostMax; count++) last = world.untilPinged();
      world.clock.advance(last.atMs + thresholdMs - world.nowMs - 1);
      t.ok(world.isShown('alice'), `not before it is time (${lostMax} lost, every ${intervalMs} ms)`);
      world.clock.advance(20);
      t.notOk(world.isShown('alice'), `then at once (${lostMax} lost, every ${intervalMs} ms)`);
      t.match(world.stats, { optionsSent: lostMax, lost: lostMax, removed: 1, answered: 0, enrolled: 0 });
      world.clock.advance(3 * intervalMs);
      t.equal(world.sent.length, lostMax, 'who is removed is not pinged');
    }
  },
);

t.test('the removal is a judgement of origin ping, about the version that was pinged', async (t) => {
  const world = silent(new PingerWorld({ settings: { lostMax: 1 } }));
  world.register('alice');
  const writes: unknown[] = [];
  world.table.addListener({
    committed: ({ origin, writes: [write] }) => writes.push([origin, write?.after.kind, write?.before?.version]),
  });
  const { version } = world.table.read('alice').records[0] ?? {};
  world.clock.advance(INTERVAL_MS + THRESHOLD_MS + TICK_MS);
  t.strictSame(writes, [['ping', 'judged', version]]);
});

t.test('without its branch flag a contact is not removed, however much is lost', async (t) => {
  const world = silent(new PingerWorld({ settings: { lostMax: 1 } }));
  world.register('alice', { cflags: 'SIPPING_ENABLE' });
  world.clock.advance(10 * INTERVAL_MS);
  t.ok(world.isShown('alice'));
  t.ok(world.stats.lost >= 9);
});

t.test('any answer in time resets the losses', async (t) => {
  const world = silent(new PingerWorld());
  world.register('alice');
  for (const status of [200, 404, 486, 603]) {
    world.untilPinged();
    world.untilPinged();
    const { token } = world.untilPinged();
    world.clock.advance(THRESHOLD_MS - 100);
    world.pinger.onReply(token, status);
  }
  world.clock.advance(THRESHOLD_MS);
  t.ok(world.isShown('alice'));
  t.match(world.stats, { answered: 4, lost: 8, optionsSent: 12, removed: 0 });
});

t.test('a status in sipping_ignore_rpl_codes is no sign of life', async (t) => {
  const world = new PingerWorld({ settings: { ignoredStatuses: new Set([408, 503]) } });
  world.answerOf = () => 503;
  world.register('alice');
  world.clock.advance(3 * INTERVAL_MS + 2 * THRESHOLD_MS);
  t.notOk(world.isShown('alice'));
  t.match(world.stats, { ignoredReplies: 3, lost: 3, answered: 0 });
});

t.test('a phone that answers with an ignored status first and with another then is alive', async (t) => {
  const world = silent(new PingerWorld({ settings: { ignoredStatuses: new Set([503]), lostMax: 1 } }));
  world.register('alice');
  const { token } = world.untilPinged();
  world.pinger.onReply(token, 503);
  world.pinger.onReply(token, 200);
  world.clock.advance(THRESHOLD_MS + TICK_MS);
  t.match(world.stats, { ignoredReplies: 1, answered: 1, lost: 0 });
});

t.test('late, repeated, foreign and forged replies do nothing', async (t) => {
  const world = silent(new PingerWorld());
  world.register('alice');
  world.register('bob');
  const first = world.untilPinged();
  world.clock.advance(INTERVAL_MS / 2);
  world.pinger.onReply(first.token, 200);
  t.match(world.stats, { strayReplies: 1, answered: 0 }, 'late');

  const { token } = world.untilPinged();
  const forged = [
    '',
    'x',
    '0x1',
    token.toUpperCase() + '0',
    token.slice(0, 15),
    `${token}0`,
    ` ${token}`,
    token.slice(0, 8) + '00000000',
    '00000000' + token.slice(8),
    'ffffffff' + token.slice(8),
    '-' + token.slice(1),
  ];
  for (const text of forged) world.pinger.onReply(text, 200);
  t.match(world.stats, { strayReplies: 1 + forged.length, answered: 0 }, 'forged');
  world.pinger.onReply(token, 200);
  world.pinger.onReply(token, 200);
  t.match(world.stats, { strayReplies: 2 + forged.length, answered: 1 }, 'repeated');
});

t.test('each ping has a token of its own', async (t) => {
  const world = silent(new PingerWorld({ settings: { lostMax: 100 } }));
  world.register('alice');
  world.clock.advance(20 * INTERVAL_MS);
  const tokens = world.requests.map(({ token }) => token);
  t.ok(tokens.length >= 20 && tokens.every((token) => /^[0-9a-f]{16}$/.test(token)));
  t.equal(new Set(tokens).size, tokens.length);
  t.equal(new Set(tokens.map((token) => token.slice(8))).size, tokens.length, 'its second half is random');
});

t.test('a refresh between the ping and the verdict wins, and the next lost ping decides', async (t) => {
  const world = silent(new PingerWorld());
  world.register('alice');
  world.untilPinged();
  world.untilPinged();
  const third = world.untilPinged();
  world.clock.advance(1000);
  world.register('alice');
  world.clock.advance(THRESHOLD_MS);
  t.ok(world.isShown('alice'), 'the version judged is not there any more');
  t.match(world.stats, { lost: 3, removed: 0 });
  const fourth = world.untilPinged();
  t.ok(fourth.atMs - third.atMs <= INTERVAL_MS + TICK_MS);
  world.clock.advance(THRESHOLD_MS + TICK_MS);
  t.notOk(world.isShown('alice'), 'a refresh does not reset the losses');
  t.match(world.stats, { lost: 4, removed: 1 });
});

t.test(
  'a contact that registers from another place starts at 0, and an answer from the old place does not count',
  async (t) => {
    for (const moved of [
      { received: 'sip:198.51.100.7:40001' },
      { path: '<sip:edge.example.com;lr>' },
      { socket: 'udp:127.0.0.1:5080' },
    ]) {
      const world = silent(new PingerWorld());
      world.register('alice', { received: 'sip:198.51.100.7:40000' });
      world.untilPinged();
      world.untilPinged();
      const { token } = world.untilPinged();
      world.register('alice', { received: 'sip:198.51.100.7:40000', ...moved });
      world.pinger.onReply(token, 200);
      world.clock.advance(THRESHOLD_MS + TICK_MS);
      t.ok(world.isShown('alice'));
      t.match(world.stats, { answered: 0, strayReplies: 1, lost: 2, removed: 0 });
      world.untilPinged();
      world.untilPinged();
      world.clock.advance(THRESHOLD_MS + TICK_MS);
      t.ok(world.isShown('alice'), 'two more are not enough');
      world.untilPinged();
      world.clock.advance(THRESHOLD_MS + TICK_MS);
      t.notOk(world.isShown('alice'));
    }
  },
);

t.test('an unregistration ends what is out; a new registration of the contact starts at 0', async (t) => {
  const world = silent(new PingerWorld());
  world.register('alice');
  world.untilPinged();
  world.untilPinged();
  const { token } = world.untilPinged();
  world.unregister('alice');
  world.register('alice');
  world.clock.advance(THRESHOLD_MS + TICK_MS);
  world.pinger.onReply(token, 200);
  t.match(world.stats, { lost: 2, answered: 0, strayReplies: 1, removed: 0, enrolled: 1 });
  world.untilPinged();
  world.clock.advance(THRESHOLD_MS + TICK_MS);
  t.ok(world.isShown('alice'));
});

t.test('a record id that is used again has nothing to do with the probe of its former owner', async (t) => {
  const world = silent(new PingerWorld({ settings: { lostMax: 1, thresholdMs: 20_000 } }));
  world.register('alice');
  const id = world.recordId('alice');
  const { token } = world.untilPinged();
  // The table gives the id away when the dead record is forgotten.
  world.pinger.forgotten('alice', id);
  const after = recordIn(worldTable(world), contactOf('bob'));
  world.pinger.committed({
    aor: 'bob',
    origin: 'sip',
    writes: [{ recordId: id, before: undefined, after }],
    floor: undefined,
  });
  world.pinger.onReply(token, 200);
  t.match(world.stats, { answered: 0, strayReplies: 1 });
  t.equal(world.pinger.latencyUsOf(id), undefined);
  world.clock.advance(20_000 + TICK_MS);
  t.match(world.stats, { lost: 0, removed: 0 });
});

/** A table in which bob has a record to show around. */
function worldTable(world: PingerWorld): PingerWorld['table'] {
  world.register('alice@example.com', {}, { key: contactOf('bob'), contactUri: contactOf('bob') });
  return world.table;
}

t.test('what expires, is hidden or was judged by another is not pinged and not judged', async (t) => {
  const world = new PingerWorld({ settings: { lostMax: 1 }, table: { maxContacts: 1 } });
  world.answerOf = (contact) => (contact.startsWith('sip:new') ? 200 : undefined);
  world.register('expires', {}, { expiresAtMs: world.clusterMs + 10_000 });
  world.register('two', {}, { key: 'sip:old', contactUri: 'sip:old@192.0.2.9' });
  world.clock.advance(5);
  world.register('two', {}, { key: 'sip:new', contactUri: 'sip:new@192.0.2.9' });
  world.register('judged');
  const [record] = world.table.read('judged').records;
  world.table.commit(
    { aor: 'judged', origin: 'sip', changes: record === undefined ? [] : [judgement(record, 'evicted')] },
    world.clusterMs,
  );
  world.clock.advance(10_000);
  const before = world.sent.length;
  world.clock.advance(INTERVAL_MS);
  t.strictSame([...new Set(world.sent.slice(before).map(({ contact }) => contact))], ['sip:new@192.0.2.9']);
  t.match(world.stats, { lost: 0, removed: 0 });
});

t.test('after a stalled turn pings that are out have that much longer, since replies may lie unread', async (t) => {
  const world = silent(new PingerWorld({ settings: { lostMax: 1 } }));
  world.register('alice');
  const { token } = world.untilPinged();
  world.clock.advance(1000);
  world.clock.jump(10_000);
  t.equal(world.stats.lost, 0, 'the threshold passed while nobody was awake');
  world.clock.advance(1000);
  world.pinger.onReply(token, 200);
  t.match(world.stats, { answered: 1, lost: 0 });
  const latencyUs = world.pinger.latencyUsOf(world.recordId('alice')) ?? 0;
  t.ok(latencyUs < THRESHOLD_MS * 1000, 'the stall is no latency of the phone');

  world.untilPinged();
  world.clock.advance(1000);
  world.clock.jump(10_000);
  world.clock.advance(THRESHOLD_MS - 1000 - 2 * TICK_MS);
  t.equal(world.stats.lost, 0);
  world.clock.advance(3 * TICK_MS);
  t.equal(world.stats.lost, 1, 'but no more than that');

  world.register('bob');
  world.answerOf = (contact) => (contact === contactOf('bob') ? undefined : 200);
  const last = world.untilPinged().contact === contactOf('bob') ? world.sent.at(-1) : world.untilPinged();
  world.clock.advance((last?.atMs ?? 0) + THRESHOLD_MS - 1 - world.nowMs);
  world.clock.jump(10_000);
  t.equal(world.stats.lost, 1, 'who was nearly overdue is not judged before replies are read');
  world.clock.advance(600);
  t.equal(world.stats.lost, 2);
});

t.test('it makes no difference what comes first after a stall: the turn, a reply, or other settings', async (t) => {
  const world = silent(new PingerWorld({ settings: { lostMax: 1 } }));
  world.register('alice');
  const { token } = world.untilPinged();
  world.clock.advance(1000);
  world.clock.stall(10_000);
  world.pinger.onReply(token, 200);
  const latencyUs = world.pinger.latencyUsOf(world.recordId('alice')) ?? 0;
  t.ok(latencyUs < THRESHOLD_MS * 1000, `${latencyUs} us`);

  for (const first of [() => world.pinger.reconfigure({ ...DEFAULTS, lostMax: 1 }), () => world.pinger.gateChanged()]) {
    const next = world.untilPinged();
    world.clock.advance(1000);
    world.clock.stall(10_000);
    first();
    world.clock.advance(100);
    t.equal(world.stats.lost, 0);
    world.pinger.onReply(next.token, 200);
  }
  t.match(world.stats, { answered: 3, lost: 0, removed: 0 });
  world.untilPinged();
  world.clock.advance(1000);
  world.clock.stall(10_000);
  world.pinger.onReply('no token', 200);
  world.clock.advance(THRESHOLD_MS - 1000 + 2 * TICK_MS);
  t.equal(world.stats.lost, 1, 'a stall is counted once');
});

t.test('the latency of the last answer is kept per contact, in microseconds', async (t) => {
  const world = new PingerWorld();
  world.register('alice');
  t.equal(world.pinger.latencyUsOf(world.recordId('alice')), undefined);
  world.untilPinged();
  world.clock.advance(100);
  t.equal(world.pinger.latencyUsOf(world.recordId('alice')), 20_000);
});

t.test('the latency belongs to the place: it is gone when the contact moves', async (t) => {
  const world = new PingerWorld();
  world.register('alice');
  world.untilPinged();
  world.clock.advance(100);
  world.register('alice');
  t.equal(world.pinger.latencyUsOf(world.recordId('alice')), 20_000, 'a refresh from there keeps it');
  world.register('alice', { received: 'sip:198.51.100.7:40000' });
  t.equal(world.pinger.latencyUsOf(world.recordId('alice')), undefined);
});

t.test('a contact that expired, and registers later, starts at 0', async (t) => {
  const world = silent(new PingerWorld());
  world.register('alice', {}, { expiresAtMs: world.clusterMs + 45_000 });
  world.untilPinged();
  world.untilPinged();
  world.clock.advance(3 * INTERVAL_MS);
  t.equal(world.stats.lost, 2);
  world.register('alice');
  world.untilPinged();
  world.clock.advance(THRESHOLD_MS + TICK_MS);
  t.equal(world.stats.lost, 3);
  t.ok(world.isShown('alice'));
});

t.test('more probes than the ring began with are told apart', async (t) => {
  const world = silent(new PingerWorld({ settings: { ratePerS: 1_000_000, intervalMs: 3000 } }));
  world.registerMany(5000);
  world.clock.advance(2000);
  t.ok(world.stats.unanswered > 2000);
  for (const { token } of world.sent) world.pinger.onReply(token, 200);
  t.match(world.stats, { unanswered: 0, answered: world.sent.length, strayReplies: 0 });
  t.ok(DEFAULTS.thresholdMs >= 3000, 'none of them was overdue');
});
