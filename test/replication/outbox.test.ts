import t from 'tap';
import { ChangeLog } from '../../lib/replication/change-log.ts';
import { BULK_WINDOW_BYTES, LOG_FRAME_BYTES, LOG_WINDOW_BYTES } from '../../lib/replication/limits.ts';
import { Outbox } from '../../lib/replication/outbox.ts';
import { AOR, binding, put } from '../location/support/states.ts';

const BULK_BYTES = 32 * 1024;

/** An outbox over a log of its own and bulk frames on demand, and what came out of it, in order. */
class Desk {
  readonly log = new ChangeLog(64 * 1024 * 1024);
  readonly sent: Buffer[] = [];
  readonly outbox: Outbox;
  bulkLeft = 0;

  constructor() {
    this.log.keep();
    const bulk = { nextBulk: () => (this.bulkLeft-- > 0 ? Buffer.alloc(BULK_BYTES, 'b') : undefined) };
    this.outbox = new Outbox(this.log, bulk, (bytes) => this.sent.push(bytes));
  }

  /** A batch of one change set, of about `bytes`. */
  change(bytes = 10): void {
    this.log.append(AOR, undefined, [put('sip:1', { binding: binding({ userAgent: 'u'.repeat(bytes) }) })]);
    this.log.cut(0);
  }

  /** What has been sent since the last look: h heartbeat, l log, b bulk. */
  order(): string {
    const kinds = this.sent.splice(0).map((bytes) => (bytes.length < 10 ? 'h' : bytes[0] === 0x62 ? 'b' : 'l'));
    return kinds.join('');
  }

  heartbeat(): void {
    this.outbox.urgent(Buffer.from('h'));
  }
}

t.test('a heartbeat goes first, then the log, then bulk', async (t) => {
  const desk = new Desk();
  desk.bulkLeft = 2;
  desk.change();
  desk.change();
  desk.outbox.beginLog(0);
  desk.heartbeat();
  desk.outbox.pump();
  t.equal(desk.order(), 'hllbb');
});

t.test('nothing of the log goes before it is said from where on', async (t) => {
  const desk = new Desk();
  desk.change();
  desk.outbox.pump();
  t.equal(desk.order(), '');
  t.equal(desk.outbox.logSent, 0);
  t.notOk(desk.outbox.isLogSent);
  desk.outbox.beginLog(0);
  desk.outbox.pump();
  t.equal(desk.order(), 'l');
  t.equal(desk.outbox.logSent, 1);
  t.ok(desk.outbox.isLogSent);
});

t.test('each batch goes once, and the open one not at all', async (t) => {
  const desk = new Desk();
  desk.outbox.beginLog(0);
  desk.change();
  desk.outbox.pump();
  desk.outbox.pump();
  desk.log.append(AOR, undefined, []);
  desk.outbox.pump();
  t.equal(desk.order(), 'l');
  t.notOk(desk.outbox.isLogSent);
});

t.test('bulk stops at its window and goes on as it is acknowledged', async (t) => {
  const desk = new Desk();
  desk.bulkLeft = 100;
  desk.outbox.pump();
  t.equal(desk.order().length, BULK_WINDOW_BYTES / BULK_BYTES);
  t.equal(desk.outbox.bulkUnderWay, BULK_WINDOW_BYTES);
  desk.outbox.pump();
  t.equal(desk.order(), '');
  t.ok(desk.outbox.bulkAcknowledged(2 * BULK_BYTES));
  desk.outbox.pump();
  t.equal(desk.order(), 'bb');
});

t.test('a full window of bulk holds up neither the log nor a heartbeat', async (t) => {
  const desk = new Desk();
  desk.bulkLeft = 100;
  desk.outbox.beginLog(0);
  desk.outbox.pump();
  desk.order();
  desk.change();
  desk.heartbeat();
  desk.outbox.pump();
  t.equal(desk.order(), 'hl');
});

t.test('the log stops at its window and goes on as it is acknowledged', async (t) => {
  const desk = new Desk();
  desk.outbox.beginLog(0);
  const batches = LOG_WINDOW_BYTES / LOG_FRAME_BYTES + 10;
  for (let count = 0; count < batches; count++) desk.change(LOG_FRAME_BYTES);
  desk.outbox.pump();
  const first = desk.order().length;
  t.equal(first, LOG_WINDOW_BYTES / LOG_FRAME_BYTES, 'as many as fit, and one that goes beyond');
  t.notOk(desk.outbox.isLogSent);
  t.ok(desk.outbox.logAcknowledged(2));
  desk.log.acknowledged(2);
  desk.outbox.pump();
  t.equal(desk.order(), 'll');
  t.equal(desk.outbox.logSent, first + 2);
});

t.test('a full window of the log holds up no bulk', async (t) => {
  const desk = new Desk();
  desk.outbox.beginLog(0);
  for (let count = 0; count < 40; count++) desk.change(LOG_FRAME_BYTES);
  desk.outbox.pump();
  desk.order();
  desk.bulkLeft = 1;
  desk.outbox.pump();
  t.equal(desk.order(), 'b');
});

t.test('only what was sent can be acknowledged', async (t) => {
  const desk = new Desk();
  desk.change();
  desk.change();
  t.notOk(desk.outbox.logAcknowledged(1), 'nothing was sent yet');
  desk.outbox.beginLog(0);
  desk.outbox.pump();
  t.ok(desk.outbox.logAcknowledged(2));
  t.notOk(desk.outbox.logAcknowledged(3));
});

t.test('of bulk neither less than before nor more than was sent is acknowledged', async (t) => {
  const desk = new Desk();
  desk.bulkLeft = 2;
  desk.outbox.pump();
  t.ok(desk.outbox.bulkAcknowledged(BULK_BYTES));
  t.ok(desk.outbox.bulkAcknowledged(BULK_BYTES), 'the same again is no news');
  t.notOk(desk.outbox.bulkAcknowledged(BULK_BYTES - 1));
  t.notOk(desk.outbox.bulkAcknowledged(2 * BULK_BYTES + 1));
  t.equal(desk.outbox.bulkUnderWay, BULK_BYTES);
});

t.test('it goes on behind a position, not from the start', async (t) => {
  const desk = new Desk();
  for (let count = 0; count < 5; count++) desk.change();
  desk.outbox.beginLog(3);
  desk.outbox.pump();
  t.equal(desk.order(), 'll');
  t.equal(desk.outbox.logSent, 5);
});
