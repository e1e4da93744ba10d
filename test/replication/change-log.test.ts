import assert from 'node:assert/strict';
import fc from 'fast-check';
import t from 'tap';
import { ChangeLog } from '../../lib/replication/change-log.ts';
import { FRAME } from '../../lib/replication/frame-type.ts';
import { LOG_FRAME_BYTES } from '../../lib/replication/limits.ts';
import { AOR, binding, put } from '../location/support/states.ts';
import { readFrame, readLog } from './support/naive-codec.ts';

const MIB = 1024 * 1024;

/** One change set of a few dozen octets, or of about `bytes`. */
function change(log: ChangeLog, bytes = 0): boolean {
  const record = put('sip:1', { binding: binding({ userAgent: 'u'.repeat(bytes) }) });
  return log.append(AOR, undefined, [record]);
}

function keeping(bytesMax = MIB): ChangeLog {
  const log = new ChangeLog(bytesMax);
  log.keep();
  return log;
}

/** A batch of so many change sets. */
function batch(log: ChangeLog, changes = 1, nowMs = 0): void {
  for (let count = 0; count < changes; count++) change(log);
  log.cut(nowMs);
}

t.test('before a twin was met changes are counted and not kept', async (t) => {
  const log = new ChangeLog(MIB);
  t.equal(log.head, 0);
  t.ok(change(log));
  t.ok(change(log));
  log.cut(0);
  t.match(log, { head: 2, base: 2, bytes: 0, isKeeping: false, hasOpen: false });
  t.equal(log.after(0), undefined);
  t.notOk(log.canGoOnAfter(2));
});

t.test('change sets are numbered one by one, and batches, too', async (t) => {
  const log = keeping();
  batch(log, 2);
  batch(log, 1);
  t.match(log.after(0), { number: 1, first: 1, last: 2 });
  t.match(log.after(2), { number: 2, first: 3, last: 3 });
  t.match(log, { head: 3, base: 0, openBatch: 3 });
  t.equal(log.oldest, log.after(0));
});

t.test('a batch is a frame that says where it begins and how many change sets it holds', async (t) => {
  const log = keeping();
  batch(log, 1);
  batch(log, 3);
  const { first, states } = readLog(readFrame(log.after(1)?.bytes ?? Buffer.alloc(0), FRAME.log));
  t.equal(first, 2);
  t.equal(states.length, 3);
  t.equal(states[0]?.aor, AOR);
});

t.test('a batch knows when it was finished, not when it was begun', async (t) => {
  const log = keeping();
  change(log);
  t.equal(log.oldest, undefined);
  t.ok(log.hasOpen);
  log.cut(9);
  t.equal(log.oldest?.cutAtMs, 9);
});

t.test('cutting where nothing is open makes no batch', async (t) => {
  const log = keeping();
  log.cut(0);
  t.equal(log.oldest, undefined);
  t.equal(log.openBatch, 1);
});

t.test('a batch that is long enough is finished by itself', async (t) => {
  const log = keeping();
  change(log, LOG_FRAME_BYTES - 200);
  t.equal(log.oldest, undefined);
  change(log, 200);
  t.match(log.oldest, { first: 1, last: 2 });
  t.notOk(log.hasOpen);
});

t.test('one change set that is longer than a batch is one batch', async (t) => {
  const log = keeping();
  change(log, LOG_FRAME_BYTES + 1000);
  t.match(log.oldest, { first: 1, last: 1 });
  t.ok((log.oldest?.bytes.length ?? 0) > LOG_FRAME_BYTES);
});

t.test('only the end of a batch is a place to go on from', async (t) => {
  const log = keeping();
  batch(log, 3);
  batch(log, 2);
  t.ok(log.canGoOnAfter(0));
  t.notOk(log.canGoOnAfter(2), 'in the middle of a batch');
  t.ok(log.canGoOnAfter(3));
  t.ok(log.canGoOnAfter(5), 'all of it');
  t.notOk(log.canGoOnAfter(6), 'yet to come');
  t.notOk(log.canGoOnAfter(-1));
  t.equal(log.after(2), undefined);
});

t.test('what is acknowledged is gone, and nobody can go on from before it', async (t) => {
  const log = keeping();
  batch(log, 3);
  batch(log, 2);
  t.equal(log.acknowledged(3), 1, 'the number of the last batch that is acknowledged');
  t.notOk(log.canGoOnAfter(0));
  t.ok(log.canGoOnAfter(3));
  t.match(log, { base: 3, head: 5 });
  t.match(log.oldest, { number: 2 });
  t.equal(log.acknowledged(5), 2);
  t.match(log, { base: 5, bytes: 0 });
  t.equal(log.oldest, undefined);
});

t.test('a batch is acknowledged as a whole or not at all', async (t) => {
  const log = keeping();
  batch(log, 3);
  t.equal(log.acknowledged(2), 0);
  t.equal(log.base, 0);
  t.equal(log.acknowledged(3), 1);
  t.equal(log.acknowledged(3), 0, 'the second time nothing new');
});

t.test('one acknowledgement stands for all before it', async (t) => {
  const log = keeping();
  for (let count = 0; count < 200; count++) batch(log);
  t.equal(log.acknowledged(150), 150);
  t.match(log.after(150), { number: 151 });
  t.equal(log.acknowledged(200), 200);
});

t.test('what outgrows its room is given up as a whole', async (t) => {
  const log = keeping(500);
  batch(log);
  let appended = 1;
  while (change(log)) appended++;
  t.match(log, { isKeeping: false, bytes: 0, hasOpen: false, head: appended + 1, base: appended + 1 });
  t.notOk(log.canGoOnAfter(0));
  t.notOk(log.canGoOnAfter(log.head));
  t.equal(log.oldest, undefined);
});

t.test('after that, changes are counted, and kept again from `keep` on', async (t) => {
  const log = keeping(300);
  while (change(log));
  const { head, openBatch } = log;
  t.ok(change(log), 'no second overrun');
  t.match(log, { head: head + 1, base: head + 1, openBatch });
  log.keep();
  batch(log);
  t.match(log.after(head + 1), { number: openBatch, first: head + 2 });
});

t.test('a batch that was given up half filled does not give its number to another', async (t) => {
  const log = keeping();
  change(log);
  const { openBatch } = log;
  log.keep();
  t.equal(log.openBatch, openBatch + 1);
  t.match(log, { head: 1, base: 1, hasOpen: false });
});

t.test('its size is that of all frames and of what is open', async (t) => {
  const log = keeping();
  t.equal(log.bytes, 0);
  change(log);
  const open = log.bytes;
  t.ok(open > 50);
  log.cut(0);
  t.ok(log.bytes > open, 'head and check sum came to it');
  t.equal(log.bytes, log.oldest?.bytes.length);
});

t.test('a frame stays as it is until it is acknowledged, whatever else is written and acknowledged', async () => {
  const step = fc.oneof(
    fc.record({ kind: fc.constant('change' as const), bytes: fc.nat(40_000) }),
    fc.record({ kind: fc.constant('cut' as const) }),
    fc.record({ kind: fc.constant('acknowledge' as const), batches: fc.nat(5) }),
    fc.record({ kind: fc.constant('keep' as const) }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60, size: 'max' }), (steps) => {
      const log = keeping();
      const copies = new Map<number, Buffer>();
      for (const one of steps) {
        if (one.kind === 'change') change(log, one.bytes);
        else if (one.kind === 'cut') log.cut(0);
        else if (one.kind === 'keep' || !log.isKeeping) log.keep();
        else log.acknowledged(positionAfter(log, one.batches));
        compareFrames(log, copies);
      }
    }),
    { numRuns: 100 },
  );
});

function positionAfter(log: ChangeLog, batches: number): number {
  let position = log.base;
  for (let count = 0; count < batches; count++) position = log.after(position)?.last ?? position;
  return position;
}

function compareFrames(log: ChangeLog, copies: Map<number, Buffer>): void {
  let position = log.base;
  for (let next = log.after(position); next !== undefined; next = log.after(position)) {
    const copy = copies.get(next.number);
    if (copy === undefined) copies.set(next.number, Buffer.from(next.bytes));
    else assert.ok(copy.equals(next.bytes), `batch ${next.number}`);
    assert.equal(next.first, position + 1);
    position = next.last;
  }
  const openCount = log.head - position;
  assert.equal(openCount > 0, log.hasOpen);
}

t.test('a batch that was filled within one turn waits from the end of that turn on', async (t) => {
  const log = new ChangeLog(1024 * 1024);
  log.keep();
  for (let index = 0; index < 200; index++)
    log.append(AOR, undefined, [put(`sip:${index}`, { binding: binding({ attr: 'x'.repeat(300) }) })]);
  t.ok(log.openBatch > 1, 'some were finished on the way');
  t.equal(log.oldest?.cutAtMs, undefined);
  log.cut(5000);
  t.equal(log.oldest?.cutAtMs, 5000);
  log.append(AOR, undefined, [put('sip:late')]);
  log.cut(6000);
  t.equal(log.oldest?.cutAtMs, 5000, 'and is not younger for what came later');
});
