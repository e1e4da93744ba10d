import t from 'tap';
import { takesPlace } from '../../lib/replication/link-choice.ts';

const BY_GREATER = { incarnation: 1, dialledByGreater: true };
const BY_LESSER = { incarnation: 1, dialledByGreater: false };

t.test('a new process takes the place of a dead one, whoever dialled', async (t) => {
  for (const claim of [BY_GREATER, BY_LESSER]) {
    for (const link of [BY_GREATER, BY_LESSER]) t.ok(takesPlace({ ...claim, incarnation: 2 }, link));
  }
});

t.test('between two processes the connection that the greater node id dialled stays', async (t) => {
  t.ok(takesPlace(BY_GREATER, BY_LESSER));
  t.notOk(takesPlace(BY_LESSER, BY_GREATER));
});

t.test('of two that the same node dialled the newer one stays: the other is lost and nobody has noticed', async (t) => {
  t.ok(takesPlace(BY_GREATER, BY_GREATER));
  t.ok(takesPlace(BY_LESSER, BY_LESSER));
});
