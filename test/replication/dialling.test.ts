import t from 'tap';
import { Dialling } from '../../lib/replication/dialling.ts';
import { DIAL_LEAST_MS, DIAL_MOST_MS } from '../../lib/replication/limits.ts';

const NODE_TIMEOUT_MS = 60_000;
const GREATER = [2, 1] as const;
const LESSER = [1, 2] as const;

function dialling(nowMs = 0): Dialling {
  return new Dialling(NODE_TIMEOUT_MS, nowMs);
}

t.test('the greater node id dials at once', async (t) => {
  t.equal(dialling(7).dueMs(...GREATER), 7);
});

t.test('the lesser one dials when there was no link for node_timeout', async (t) => {
  t.equal(dialling(7).dueMs(...LESSER), 7 + NODE_TIMEOUT_MS);
});

t.test('of two with one id each waits like the lesser, and then both dial and find out', async (t) => {
  t.equal(dialling(0).dueMs(1, 1), NODE_TIMEOUT_MS);
});

t.test('one dial at a time, each with an odd number of its own', async (t) => {
  const dials = dialling();
  const first = dials.dial();
  t.equal(first, 1);
  t.ok(dials.isDialling);
  t.ok(dials.isUnderWay(first));
  t.equal(dials.dueMs(...GREATER), Infinity);
  dials.failed(first, 10);
  t.notOk(dials.isDialling);
  t.equal(dials.dial(), 3);
});

t.test('the pause doubles with each failure, up to a second', async (t) => {
  const dials = dialling();
  const pauses: number[] = [];
  for (let count = 0; count < 6; count++) {
    dials.failed(dials.dial(), 1000);
    pauses.push(dials.dueMs(...GREATER) - 1000);
  }
  t.same(pauses, [DIAL_LEAST_MS, 200, 400, 800, DIAL_MOST_MS, DIAL_MOST_MS]);
});

t.test('once there is a link the next pause is short again', async (t) => {
  const dials = dialling();
  dials.failed(dials.dial(), 0);
  dials.failed(dials.dial(), 0);
  const link = dials.dial();
  dials.linked(link);
  t.notOk(dials.isDialling);
  dials.lost(5000);
  t.equal(dials.dueMs(...GREATER), 5000 + DIAL_LEAST_MS);
});

t.test('the lesser one counts node_timeout from when the link was lost', async (t) => {
  const dials = dialling();
  dials.linked(2);
  dials.lost(5000);
  t.equal(dials.dueMs(...LESSER), 5000 + NODE_TIMEOUT_MS);
});

t.test('that another connection failed is nothing to it', async (t) => {
  const dials = dialling();
  const link = dials.dial();
  dials.failed(2, 10);
  dials.failed(link + 2, 10);
  t.ok(dials.isDialling);
});

t.test('a link that was accepted leaves a dial under way alone', async (t) => {
  const dials = dialling();
  const link = dials.dial();
  dials.linked(2);
  t.ok(dials.isUnderWay(link), 'its end will be told');
  dials.failed(link, 10);
  t.notOk(dials.isDialling);
});
