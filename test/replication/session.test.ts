import assert from 'node:assert/strict';
import fc from 'fast-check';
import t from 'tap';
import { BUCKETS } from '../../lib/location/bucket-digests.ts';
import { ChangeLog } from '../../lib/replication/change-log.ts';
import { FRAME } from '../../lib/replication/frame-type.ts';
import {
  BULK_WINDOW_BYTES,
  DIGESTS_PER_FRAME,
  LOG_FRAME_BYTES,
  LOG_WINDOW_BYTES,
  MERGED_RECORDS_MAX,
} from '../../lib/replication/limits.ts';
import { ProtocolError } from '../../lib/replication/protocol-error.ts';
import { binding, HOUR, put, putOrder, state, T0, table } from '../location/support/states.ts';
import * as arbitrary from './support/arbitraries.ts';
import * as naive from './support/naive-codec.ts';
import { ScriptedSession } from './support/scripted-session.ts';

const UNEXPECTED = { name: 'ProtocolError', code: 'frame-unexpected' };
const MALFORMED = { name: 'ProtocolError', code: 'frame-malformed' };
const LOG_GAP = { name: 'ProtocolError', code: 'log-gap' };

const ONE = 11;
const TWO = 22;

/** A log that has been kept from its start, of `changes` batches of one change set each. */
function logOf(changes: number, bytes = 0): ChangeLog {
  const log = new ChangeLog(64 * 1024 * 1024);
  log.keep();
  for (let count = 0; count < changes; count++) {
    log.append('alice', undefined, [put('sip:1', { binding: binding({ attr: 'x'.repeat(bytes) }) })]);
    log.cut(0);
  }
  return log;
}

/** Both hold each other's log: this node up to 5 of the twin's, the twin up to `position` of this one's five. */
function resumable(position = 3): ScriptedSession {
  return new ScriptedSession({
    log: logOf(5),
    holds: { incarnation: TWO, position: 5 },
    twinHolds: { incarnation: ONE, position },
  });
}

const STATES = [state([put('sip:1')])];

t.test('its first word is how this connection goes on', async (t) => {
  const [body = []] = resumable().saidOf(FRAME.start);
  t.strictSame(naive.readStart(body), { canResume: true, resumeAfter: 3, head: 5 });
});

t.test('it cannot resume what it does not have any more, or the twin does not hold', async (t) => {
  const holds = { incarnation: TWO, position: 5 };
  const twinHolds = { incarnation: ONE, position: 3 };
  const acknowledged = logOf(5);
  acknowledged.acknowledged(4);
  for (const options of [
    { log: logOf(5), holds, twinHolds: undefined },
    { log: logOf(5), holds: undefined, twinHolds },
    { log: logOf(5), holds, twinHolds: { ...twinHolds, incarnation: ONE + 1 } },
    { log: logOf(5), holds: { ...holds, incarnation: TWO + 1 }, twinHolds },
    { log: logOf(5), holds, twinHolds: { ...twinHolds, position: 6 } },
    { log: acknowledged, holds, twinHolds },
    { log: new ChangeLog(1000), holds, twinHolds: { ...twinHolds, position: 0 } },
  ] as const) {
    const [body = []] = new ScriptedSession(options as ConstructorParameters<typeof ScriptedSession>[0]).saidOf(
      FRAME.start,
    );
    t.match(naive.readStart(body), { canResume: false });
  }
});

t.test('what is still open in the log when a connection begins counts as well', async (t) => {
  const log = logOf(1);
  log.append('bob', undefined, []);
  const [body = []] = new ScriptedSession({ log }).saidOf(FRAME.start);
  t.match(naive.readStart(body), { head: 2 });
});

t.test("nothing comes before the twin's first word", async (t) => {
  for (const type of Object.values(FRAME)) {
    if (type === FRAME.start || type === FRAME.goodbye) continue;
    t.throws(
      () =>
        new ScriptedSession().hear(
          type,
          Array.from({ length: 50 }, () => 0),
        ),
      UNEXPECTED,
    );
  }
});

t.test('and the first word is said once', async (t) => {
  t.throws(() => new ScriptedSession().start().start(), UNEXPECTED);
});

t.test('this node does not wait for the twin with anything but its log and its questions', async (t) => {
  const script = new ScriptedSession();
  script.change();
  t.same(script.saidTypes(), [FRAME.start]);
  script.start();
  t.ok(script.saidTypes().includes(FRAME.log));
});

t.test('both resume, or none', async (t) => {
  const both = resumable().resume(5);
  t.same(both.modes, ['resume']);
  const twinCannot = resumable().start(9);
  t.same(twinCannot.modes, ['reconcile']);
  const thisCannot = new ScriptedSession().resume(0);
  t.same(thisCannot.modes, ['reconcile']);
});

t.test('a resumed link is complete at once, and each log goes on where the other one holds it', async (t) => {
  const script = resumable().resume(5, 7);
  t.match(script.session, { isComplete: true, applied: 5, acknowledged: 3 });
  t.same(script.session.held, { incarnation: TWO, position: 5 });
  t.same(
    script.saidOf(FRAME.log).map((body) => naive.readLog(body).first),
    [4, 5],
  );
  t.same(script.batches, [3], 'what the twin holds is acknowledged');
  script.hearLog(6, ...STATES);
  t.equal(script.session.applied, 6);
});

t.test('a twin that goes on somewhere else than this node holds is wrong', async (t) => {
  t.throws(() => resumable().resume(4), LOG_GAP);
  t.throws(() => resumable().resume(6), LOG_GAP);
});

t.test(
  'in a reconciliation the log goes on behind the head of the start, and what was before is given up',
  async (t) => {
    const script = resumable().start(9);
    t.notOk(script.session.isComplete);
    t.equal(script.log.base, 5);
    t.equal(script.session.applied, 9);
    script.said();
    script.change();
    const [body = []] = script.saidOf(FRAME.log);
    t.equal(naive.readLog(body).first, 6);
  },
);

t.test('an acknowledgement of what the reconciliation covers says nothing new', async (t) => {
  const script = resumable().start();
  script.acknowledge(0);
  script.acknowledge(5);
  script.acknowledge(3);
  t.equal(script.session.acknowledged, 5);
  script.change();
  script.acknowledge(6);
  t.equal(script.session.acknowledged, 6);
});

t.test('the log follows on without a gap', async (t) => {
  const script = new ScriptedSession().start(10);
  t.throws(() => script.hearLog(10, ...STATES), LOG_GAP, 'what was before the start');
  t.throws(() => script.hearLog(12, ...STATES), LOG_GAP, 'one was left out');
  t.throws(() => script.hearLog(11), LOG_GAP, 'none at all');
  script.hearLog(11, ...STATES, ...STATES);
  t.throws(() => script.hearLog(11, ...STATES), LOG_GAP, 'twice');
  script.hearLog(13, ...STATES);
  t.equal(script.session.applied, 13);
});

t.test('what is acknowledged is in the table', async (t) => {
  const script = new ScriptedSession().start(10);
  script.hearLog(11, { ...state([put('sip:1')]), aor: 'bob' });
  const [body = []] = script.saidOf(FRAME.ack);
  t.match(naive.readAck(body), { applied: 11 });
  t.equal(script.table.read('bob').records.length, 1);
});

t.test('all that comes in one portion is acknowledged once', async (t) => {
  const script = new ScriptedSession().start(0);
  script.hear(FRAME.log, naive.writeLog({ first: 1, states: STATES }));
  script.hear(FRAME.log, naive.writeLog({ first: 2, states: STATES }));
  script.session.pump(0);
  t.same(
    script.saidOf(FRAME.ack).map((body) => naive.readAck(body).applied),
    [2],
  );
  script.session.pump(0);
  t.same(script.saidTypes(), []);
});

t.test('a change set that no table can hold is not acknowledged', async (t) => {
  const script = new ScriptedSession().start(0);
  const bad = state([put('sip:1'), put('sip:1')]);
  t.throws(() => script.hearLog(1, ...STATES, bad), { code: 'record-invalid' });
  t.equal(script.session.applied, 0);
});

t.test('more records of one AoR than two nodes can come to hold are refused', async (t) => {
  const at = table();
  const many = Array.from({ length: MERGED_RECORDS_MAX - 1 }, (_, index) => put(`sip:known${index}`));
  const read = at.read.bind(at);
  at.read = (aor) => (aor === 'crowd' ? { aor, floor: undefined, records: many } : read(aor));
  const script = new ScriptedSession({ table: at }).start(0);
  script.hearLog(1, { aor: 'crowd', floor: undefined, records: [put('sip:1')] });
  const two = { aor: 'crowd', floor: undefined, records: [put('sip:1'), put('sip:2')] };
  t.throws(() => script.hearLog(2, two), { code: 'record-invalid' });
  t.equal(script.session.applied, 1);
});

t.test('only what was sent can be acknowledged, and no less than before', async (t) => {
  const script = resumable(5).resume(5);
  script.change();
  script.change();
  t.throws(() => script.acknowledge(8), UNEXPECTED);
  script.acknowledge(7);
  t.same(script.batches.at(-1), 7);
  t.throws(() => script.acknowledge(6), UNEXPECTED);
  script.acknowledge(7);
  t.equal(script.session.acknowledged, 7, 'the same again is no news');
});

t.test('only bulk that was sent can be acknowledged', async (t) => {
  const script = new ScriptedSession().start();
  const bulk = script.said().filter(({ type }) => type === FRAME.digests);
  const bytes = bulk.reduce((sum, { body }) => sum + body.length + 9, 0);
  script.acknowledge(0, bytes);
  t.throws(() => script.acknowledge(0, bytes + 1), UNEXPECTED);
  t.throws(() => script.acknowledge(0, bytes - 1), UNEXPECTED);
});

t.test('bulk that comes is counted with head and check sum, and nothing else is', async (t) => {
  const script = new ScriptedSession().start();
  script.said();
  script.tell(FRAME.digests, naive.writeDigests({ firstBucket: 0, digests: [{ high: 0, low: 0 }] }));
  script.hearLog(1, ...STATES);
  const acks = script.saidOf(FRAME.ack).map((body) => naive.readAck(body).bulkBytes);
  t.same(acks, [4 + 8 + 9, 4 + 8 + 9]);
});

t.test('in a reconciliation it asks at once', async (t) => {
  const script = new ScriptedSession().start();
  t.equal(script.saidOf(FRAME.digests).length, BUCKETS / DIGESTS_PER_FRAME);
  t.ok(script.session.isPulling);
});

t.test('it gives what the twin asks for, then the end, and is done when the twin says so', async (t) => {
  const at = table();
  at.commit({ aor: 'alice', origin: 'sip', changes: [putOrder('sip:1', T0 + HOUR)] }, T0);
  const script = new ScriptedSession({ table: at }).start();
  script.said();
  script.askForAll();
  const frames = script.said();
  t.same(
    frames.map(({ type }) => type),
    [FRAME.ack, FRAME.states, FRAME.end],
  );
  t.same(
    naive.readStates(frames[1]?.body ?? []).map(({ aor }) => aor),
    ['alice'],
  );
  t.notOk(script.session.isComplete);
  script.tell(FRAME.done);
  t.throws(() => script.tell(FRAME.done), UNEXPECTED, 'once');
});

t.test('nobody is done with an end that was not sent', async (t) => {
  t.throws(() => new ScriptedSession().start().tell(FRAME.done), UNEXPECTED);
});

t.test('the end mark overtakes nothing: it says the head, and all up to there went before', async (t) => {
  const script = resumable().start();
  script.change();
  script.log.append('late', undefined, [put('sip:1')]);
  script.said();
  script.askForAll();
  const frames = script.said();
  t.same(
    frames.map(({ type }) => type),
    [FRAME.ack, FRAME.log, FRAME.end],
    'even what was open a moment ago',
  );
  t.equal(naive.readLog(frames[1]?.body ?? []).first, 7);
  t.equal(naive.readEnd(frames[2]?.body ?? []), 7);
});

t.test('while the log has to wait the end mark waits, too', async (t) => {
  const script = new ScriptedSession().start();
  const frames = LOG_WINDOW_BYTES / LOG_FRAME_BYTES + 5;
  for (let count = 0; count < frames; count++)
    script.log.append('alice', undefined, [put('sip:1', { binding: binding({ attr: 'x'.repeat(LOG_FRAME_BYTES) }) })]);
  script.said();
  script.askForAll();
  t.notOk(script.saidTypes().includes(FRAME.end));
  script.acknowledge(10);
  t.equal(naive.readEnd(script.saidOf(FRAME.end)[0] ?? []), frames);
});

t.test('done stands for an acknowledgement of the log up to the end', async (t) => {
  const script = new ScriptedSession().start();
  script.change();
  script.askForAll();
  script.tell(FRAME.done);
  t.equal(script.session.acknowledged, 1);
  t.same(script.batches.at(-1), 1);
});

t.test('and it makes room for more of it', async (t) => {
  const script = new ScriptedSession().start();
  const bytes = LOG_FRAME_BYTES;
  const fill = (count: number) => {
    for (let index = 0; index < count; index++)
      script.log.append('alice', undefined, [put('sip:1', { binding: binding({ attr: 'x'.repeat(bytes) }) })]);
    script.session.pump(0);
  };
  const room = LOG_WINDOW_BYTES / LOG_FRAME_BYTES;
  fill(room);
  script.askForAll();
  script.tell(FRAME.done);
  script.said();
  fill(1);
  t.same(script.saidTypes(), [FRAME.log]);
});

t.test('until the end came nothing is held, and the log does not move that', async (t) => {
  const script = new ScriptedSession().start(4);
  script.hearLog(5, ...STATES);
  t.equal(script.session.held, undefined);
  script.tell(FRAME.end, naive.writeEnd(5));
  t.same(script.session.held, { incarnation: TWO, position: 5 });
  t.ok(script.saidTypes().includes(FRAME.done));
  t.match(script.rounds, [{ received: 0, changed: 0 }]);
});

t.test('an end behind another position than the log came up to is a gap', async (t) => {
  t.throws(() => new ScriptedSession().start(4).tell(FRAME.end, naive.writeEnd(5)), LOG_GAP);
  t.throws(() => new ScriptedSession().start(4).tell(FRAME.end, naive.writeEnd(3)), LOG_GAP);
});

t.test('states that come are merged and counted, and what changed something as well', async (t) => {
  const script = new ScriptedSession().start();
  const bob = { ...state([put('sip:1')]), aor: 'bob' };
  script.tell(FRAME.states, naive.writeStates([bob, bob]));
  script.tell(FRAME.end, naive.writeEnd(0));
  t.match(script.rounds, [{ received: 2, changed: 1 }]);
  t.equal(script.table.read('bob').records.length, 1);
});

t.test('on a resumed link nobody sends states that were not asked for', async (t) => {
  t.throws(() => resumable().resume(5).tell(FRAME.states, naive.writeStates(STATES)), UNEXPECTED);
  t.throws(() => resumable().resume(5).tell(FRAME.end, naive.writeEnd(5)), UNEXPECTED);
  t.throws(
    () =>
      resumable()
        .resume(5)
        .tell(FRAME.want, naive.writeWant([1])),
    UNEXPECTED,
  );
});

t.test('who is asked later asks, too, unless it has just done so', async (t) => {
  const script = resumable().resume(5);
  script.nowMs = 20_000;
  script.said();
  script.askForAll();
  t.equal(script.saidOf(FRAME.digests).length, BUCKETS / DIGESTS_PER_FRAME);
  script.tell(FRAME.end, naive.writeEnd(5));
  script.tell(FRAME.done);
  script.nowMs = 29_000;
  script.askForAll();
  t.equal(script.saidOf(FRAME.digests).length, 0);
  script.tell(FRAME.done);
  script.nowMs = 30_000;
  script.askForAll();
  t.equal(script.saidOf(FRAME.digests).length, BUCKETS / DIGESTS_PER_FRAME);
});

t.test('comparing once more does not end what is complete', async (t) => {
  const script = resumable().resume(5);
  script.session.pullAgain(1);
  t.ok(script.session.isPulling);
  t.ok(script.session.isComplete);
  t.same(script.session.held, { incarnation: TWO, position: 5 });
});

t.test('before the first word, and during a round, there is no second one', async (t) => {
  const script = new ScriptedSession();
  script.session.pullAgain(1);
  t.notOk(script.session.isPulling);
  script.start();
  script.said();
  script.session.pullAgain(2);
  script.session.pump(2);
  t.same(script.saidTypes(), []);
});

t.test('a twin that takes no bulk gets no more of it than the window', async (t) => {
  const at = table({ aorsMax: 10_000 });
  const bound = binding({ attr: 'x'.repeat(1000) });
  for (let index = 0; index < 1000; index++)
    at.merge({ aor: `user${index}`, floor: undefined, records: [put('sip:1', { binding: bound })] }, 'peer', T0);
  const script = new ScriptedSession({ table: at }).start();
  script.askForAll();
  const bulk = script.said().filter(({ type }) => type === FRAME.digests || type === FRAME.states);
  const bytes = bulk.reduce((sum, { body }) => sum + body.length + 9, 0);
  t.ok(bytes >= BULK_WINDOW_BYTES);
  t.ok(bytes < BULK_WINDOW_BYTES + 40_000);
  script.session.pump(1);
  t.same(script.saidTypes(), []);
  script.acknowledge(0, bytes);
  t.ok(script.saidTypes().includes(FRAME.states));
});

t.test('a heartbeat is handed on, a goodbye, too', async (t) => {
  const script = new ScriptedSession();
  script.hear(FRAME.goodbye, naive.writeGoodbye({ reason: 1, text: 'bye' }));
  t.same(script.goodbyes, [{ reason: 'stopping', text: 'bye' }]);
  const [heartbeat] = fc.sample(arbitrary.heartbeat, 1);
  if (heartbeat === undefined) throw new Error('no sample');
  script.start();
  script.hear(FRAME.heartbeat, naive.writeHeartbeat(heartbeat));
  t.strictSame(script.heartbeats, [heartbeat]);
});

t.test('the greeting is over', async (t) => {
  t.throws(() => new ScriptedSession().start().hear(FRAME.hello, []), UNEXPECTED);
  t.throws(() => new ScriptedSession().start().hear(FRAME.auth, []), UNEXPECTED);
});

t.test('a type of frame that is not known is said to be so', async (t) => {
  for (const type of [0, 14, 255]) {
    t.throws(() => new ScriptedSession().start().hear(type, []), { name: 'ProtocolError', code: 'frame-unknown' });
  }
});

/** A body for each type that is right at this point of a reconciliation. */
const RIGHT: readonly (readonly [type: number, body: naive.Octets])[] = [
  [FRAME.log, naive.writeLog({ first: 1, states: STATES })],
  [FRAME.ack, naive.writeAck({ applied: 0, bulkBytes: 0 })],
  [FRAME.heartbeat, Array.from({ length: 41 }, () => 0)],
  [FRAME.digests, naive.writeDigests({ firstBucket: 0, digests: [{ high: 0, low: 0 }] })],
  [FRAME.want, naive.writeWant([1])],
  [FRAME.states, naive.writeStates(STATES)],
  [FRAME.end, naive.writeEnd(0)],
];

t.test('a frame holds what it holds, no octet less or more', async (t) => {
  for (const [type, body] of RIGHT) {
    new ScriptedSession().start().hear(type, body);
    t.throws(() => new ScriptedSession().start().hear(type, [...body, 0]), MALFORMED, `type ${type}, one more`);
    t.throws(() => new ScriptedSession().start().hear(type, body.slice(0, -1)), MALFORMED, `type ${type}, one less`);
  }
  const start = naive.writeStart({ canResume: false, resumeAfter: 0, head: 0 });
  t.throws(() => new ScriptedSession().hear(FRAME.start, [...start, 0]), MALFORMED);
  t.throws(() => new ScriptedSession().hear(FRAME.start, [2, ...start.slice(1)]), MALFORMED);
});

t.test('whatever comes in whatever order, it is refused by the protocol or dealt with', async () => {
  const anything = fc.oneof(
    fc.record({
      type: fc.integer({ min: 0, max: 15 }),
      body: fc.array(fc.integer({ min: 0, max: 255 }), { maxLength: 60 }),
    }),
    fc.constantFrom(...RIGHT).map(([type, body]) => ({ type, body })),
    arbitrary.pairs.map((pairs) => ({ type: FRAME.pairs, body: naive.writePairs(pairs) })),
    fc
      .array(arbitrary.state, { maxLength: 3 })
      .map((states) => ({ type: FRAME.states, body: naive.writeStates(states) })),
  );
  fc.assert(
    fc.property(fc.array(anything, { maxLength: 20 }), fc.boolean(), (frames, resumes) => {
      const script = resumes ? resumable().resume(5) : new ScriptedSession().start();
      for (const { type, body } of frames) {
        try {
          script.tell(type, [...body]);
        } catch (error) {
          if (!(error instanceof ProtocolError)) throw error;
        }
      }
      assert.ok(script.said().length > 0);
    }),
    { numRuns: 150 },
  );
});
