import t from 'tap';
import type { LocationTable } from '../../lib/location/location-table.ts';
import { AOR_BYTES_MAX } from '../../lib/location/location-table.ts';
import {
  AOR,
  binding,
  HOUR,
  judgement,
  put,
  putOrder,
  recordOf,
  removeOrder,
  request,
  SECOND,
  serve,
  shown,
  STAR,
  state,
  T0,
  table,
  version,
} from './support/states.ts';

/** Everything that somebody could notice, and that nobody was told. */
function traceOf(at: LocationTable): () => unknown {
  const heard: unknown[] = [];
  at.addListener({ committed: (changes) => heard.push(changes) });
  return () => [[...at.aors()], at.statistics(), at.recordIdLimit, at.lastStampMs, heard];
}

t.test('beyond records-per-aor a request that adds one is refused whole and leaves no trace', async (t) => {
  const at = table({ recordsPerAorMax: 2 });
  serve(at, T0, putOrder('sip:a', T0 + HOUR));
  const trace = traceOf(at);
  const before = structuredClone(trace());
  const outcome = at.commit(request(putOrder('sip:b', T0 + HOUR), putOrder('sip:c', T0 + HOUR), STAR), T0 + 1);
  t.same(outcome, { refused: 'records-per-aor', limit: 2 });
  t.same(trace(), before);
});

t.test('dead records count, and unregistering what is not known is refused too', async (t) => {
  const at = table({ recordsPerAorMax: 1 });
  serve(at, T0, putOrder('sip:a', T0 + HOUR));
  serve(at, T0, removeOrder('sip:a'));
  t.same(at.commit(request(removeOrder('sip:b')), T0), { refused: 'records-per-aor', limit: 1 });
});

t.test('at the limit refreshes, removals, judgements and floors still go through', async (t) => {
  const at = table({ recordsPerAorMax: 1 });
  serve(at, T0, putOrder('sip:a', T0 + HOUR));
  serve(at, T0 + 1, putOrder('sip:a', T0 + HOUR));
  serve(at, T0 + 2, judgement(recordOf(at, 'sip:a')));
  serve(at, T0 + 3, STAR);
  serve(at, T0 + 4, removeOrder('sip:a'));
  t.equal(recordOf(at, 'sip:a').kind, 'removed');
});

t.test('a merge goes beyond the limit, and above it what is there can still be refreshed', async (t) => {
  const at = table({ recordsPerAorMax: 1 });
  at.merge(state([put('sip:a'), put('sip:b'), put('sip:c')]), 'peer', T0);
  t.equal(at.read(AOR).records.length, 3, 'nothing that was answered elsewhere is dropped');
  serve(at, T0 + 1, putOrder('sip:b', T0 + HOUR));
  t.same(at.commit(request(putOrder('sip:d', T0 + HOUR)), T0 + 2), { refused: 'records-per-aor', limit: 1 });
});

t.test('beyond aors a request for another AoR is refused and leaves no trace', async (t) => {
  const at = table({ aorsMax: 1 });
  serve(at, T0, putOrder('sip:a', T0 + HOUR));
  const trace = traceOf(at);
  const before = structuredClone(trace());
  for (const change of [putOrder('sip:a', T0 + HOUR), removeOrder('sip:a'), STAR]) {
    t.same(at.commit({ ...request(change), aor: 'bob@example.com' }, T0 + 1), { refused: 'aors', limit: 1 });
  }
  t.same(trace(), before);
  serve(at, T0 + 2, putOrder('sip:b', T0 + HOUR));
});

t.test('judging what is not there needs no room', async (t) => {
  const at = table({ aorsMax: 0 });
  t.match(at.commit(request(judgement(put('sip:a'))), T0), { writes: [], floor: undefined });
});

t.test('an AoR whose list would outgrow a datagram is refused, and shrinking it is not', async (t) => {
  const at = table();
  const path = 'x'.repeat(AOR_BYTES_MAX / 2);
  serve(at, T0, putOrder('sip:a', T0 + HOUR, { binding: binding({ path }) }));
  const second = request(putOrder('sip:b', T0 + HOUR, { binding: binding({ path }) }));
  t.same(at.commit(second, T0), { refused: 'aor-bytes', limit: AOR_BYTES_MAX });
  at.merge(state([put('sip:b', { version: version(T0, 0, 2), binding: binding({ path }) })]), 'peer', T0);
  serve(at, T0, removeOrder('sip:a'));
  t.equal(recordOf(at, 'sip:a').kind, 'removed');
});

t.test('of two nodes with different max_contacts the smaller one counts on both; 0 is no limit', async (t) => {
  const at = table({ maxContacts: 2 });
  for (const [index, key] of ['sip:0', 'sip:1', 'sip:2'].entries()) serve(at, T0 + index, putOrder(key, T0 + HOUR));
  const seen: string[][] = [];
  for (const theirs of [1, 5, 0, 2]) {
    at.showAtMost(theirs);
    seen.push([...shown(at, T0 + SECOND)]);
  }
  t.same(seen, [['sip:2'], ['sip:1', 'sip:2'], ['sip:1', 'sip:2'], ['sip:1', 'sip:2']]);
  const unlimited = table();
  serve(unlimited, T0, putOrder('sip:0', T0 + HOUR), putOrder('sip:1', T0 + HOUR));
  unlimited.showAtMost(1);
  t.equal(shown(unlimited, T0 + SECOND).length, 1);
  unlimited.showAtMost(0);
  t.equal(shown(unlimited, T0 + SECOND).length, 2);
});
