import t from 'tap';
import type { CommittedChangeSet } from '../../lib/location/change.ts';
import { HORIZON_MS } from '../../lib/location/horizon.ts';
import { PERMANENT } from '../../lib/location/record.ts';
import { COUNTER_MAX, compareVersions } from '../../lib/location/version.ts';
import {
  AOR,
  HOUR,
  judgement,
  put,
  putOrder,
  recordOf,
  removeOrder,
  sameContact,
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

t.test('a stamp is cluster time, node and incarnation', async (t) => {
  const at = table();
  serve(at, T0, putOrder('sip:a', T0 + HOUR));
  t.same(recordOf(at, 'sip:a').version, version(T0));
  t.equal(at.lastStampMs, T0);
});

t.test('a stamp is above everything known of the AoR, however far that is ahead', async (t) => {
  const ahead = T0 + 30 * SECOND;
  const at = table();
  at.merge(state([put('sip:b', { version: version(ahead, 4, 2) })], version(ahead, 9, 2)), 'peer', T0);
  serve(at, T0, putOrder('sip:a', T0 + HOUR));
  t.same(recordOf(at, 'sip:a').version, version(ahead, 10));
});

t.test('a full counter runs into the next millisecond', async (t) => {
  const at = table();
  at.merge(state([put('sip:b', { version: version(T0, COUNTER_MAX, 2) })]), 'peer', T0);
  serve(at, T0, putOrder('sip:a', T0 + HOUR));
  t.same(recordOf(at, 'sip:a').version, version(T0 + 1, 0));
});

t.test('the orders of one request are stamped one above the other', async (t) => {
  const at = table();
  serve(at, T0, putOrder('sip:a', T0 + HOUR), putOrder('sip:A', T0 + HOUR), putOrder('sip:b', T0 + HOUR));
  t.same(
    ['sip:a', 'sip:A', 'sip:b'].map((contact) => recordOf(at, contact).version.counter),
    [0, 1, 2],
  );
  t.same(shown(at, T0), ['sip:A', 'sip:b'], 'of two spellings in one request the later one counts');
});

t.test('a contact that one request names twice is one write', async (t) => {
  const at = table();
  const heard: CommittedChangeSet[] = [];
  at.addListener({ committed: (changes) => heard.push(changes) });
  serve(at, T0, putOrder('sip:a', T0 + HOUR, { cseq: 1 }), putOrder('sip:a', T0 + HOUR, { cseq: 2 }));
  t.equal(heard[0]?.writes.length, 1);
  t.equal(heard[0]?.writes[0]?.before, undefined);
  t.equal(recordOf(at, 'sip:a').cseq, 2);
});

t.test('a removal of what is not known here is written all the same', async (t) => {
  const at = table();
  serve(at, T0, removeOrder('sip:a'));
  t.match(recordOf(at, 'sip:a'), { kind: 'removed', version: version(T0), callId: 'call-1', cseq: 2 });
});

t.test('a removed record keeps Call-ID and CSeq of what removed it', async (t) => {
  const at = table();
  serve(at, T0, putOrder('sip:a', T0 + HOUR, { callId: 'one', cseq: 7 }));
  serve(at, T0 + 1, { ...removeOrder('sip:a'), callId: 'one', cseq: 8 });
  t.match(recordOf(at, 'sip:a'), { kind: 'removed', callId: 'one', cseq: 8 });
});

t.test('a floor ends all that is known and nothing that comes later', async (t) => {
  const at = table();
  serve(at, T0, putOrder('sip:a', T0 + HOUR), putOrder('sip:b', T0 + HOUR));
  serve(at, T0, STAR);
  t.same(shown(at, T0), []);
  t.match(at.read(AOR).floor, { callId: 'star', cseq: 9 });
  serve(at, T0, putOrder('sip:a', T0 + HOUR));
  t.same(shown(at, T0), ['sip:a']);
});

t.test('a floor is raised where nothing is known', async (t) => {
  const at = table();
  serve(at, T0, STAR);
  t.same(at.read(AOR).floor?.version, version(T0));
});

t.test('a judgement applies at the version that was judged, as the record itself at rank 2', async (t) => {
  const at = table();
  serve(at, T0, putOrder('sip:a', T0 + HOUR));
  serve(at, T0 + SECOND, judgement(recordOf(at, 'sip:a')));
  t.match(recordOf(at, 'sip:a'), { kind: 'judged', version: version(T0), expiresAtMs: T0 + HOUR });
  t.equal(at.lastStampMs, T0, 'a judgement is not stamped');
});

t.test('a judgement of an older version, of a removed record or of nothing is not told to anybody', async (t) => {
  const at = table();
  serve(at, T0, putOrder('sip:a', T0 + HOUR));
  const seen = recordOf(at, 'sip:a');
  serve(at, T0 + 1, putOrder('sip:a', T0 + HOUR));
  const refreshed = recordOf(at, 'sip:a');
  let heard = 0;
  at.addListener({ committed: () => heard++ });
  serve(at, T0 + 2, judgement(seen), judgement(put('sip:unknown')));
  t.equal(heard, 0);
  t.same(shown(at, T0 + 2), ['sip:a']);
  serve(at, T0 + 3, removeOrder('sip:a'));
  serve(at, T0 + 4, judgement(refreshed));
  t.equal(recordOf(at, 'sip:a').kind, 'removed');
  t.equal(heard, 1);
});

t.test('an order of the same request comes before a judgement of what it wrote over', async (t) => {
  const at = table();
  serve(at, T0, putOrder('sip:a', T0 + HOUR));
  serve(at, T0 + 1, putOrder('sip:a', T0 + HOUR), judgement(recordOf(at, 'sip:a'), 'evicted'));
  t.same(shown(at, T0 + 1), ['sip:a']);
  serve(at, T0 + 2, judgement(recordOf(at, 'sip:a'), 'evicted'), putOrder('sip:a', T0 + HOUR));
  t.same(shown(at, T0 + 2), ['sip:a']);
});

t.test('a key that was ever permanent stays sticky through all that follows', async (t) => {
  const at = table();
  serve(at, T0, putOrder('sip:a', PERMANENT));
  t.equal(recordOf(at, 'sip:a').sticky, true);
  serve(at, T0 + 1, putOrder('sip:a', T0 + HOUR));
  t.equal(recordOf(at, 'sip:a').sticky, true);
  serve(at, T0 + 2, judgement(recordOf(at, 'sip:a')));
  serve(at, T0 + 3, removeOrder('sip:a'));
  t.match(recordOf(at, 'sip:a'), { kind: 'removed', sticky: true });
});

t.test('a lifetime above the horizon is cut to it', async (t) => {
  const at = table();
  serve(at, T0, putOrder('sip:a', T0 + 2 * HORIZON_MS));
  t.equal(recordOf(at, 'sip:a').expiresAtMs, T0 + HORIZON_MS);
});

t.test('listeners hear in their order, after the change was applied, what was before and what is now', async (t) => {
  const at = table();
  const heard: string[] = [];
  for (const name of ['first', 'second']) {
    at.addListener({
      committed({ writes, origin }) {
        const { before, after, recordId } = writes[0]!;
        t.same(at.readRecord(recordId), { aor: AOR, record: after });
        heard.push(`${name} ${origin} ${String(before?.cseq)} ${after.cseq}`);
      },
    });
  }
  serve(at, T0, putOrder('sip:a', T0 + HOUR, { cseq: 1 }));
  at.commit({ ...request(putOrder('sip:a', T0 + HOUR, { cseq: 2 })), origin: 'mi' }, T0);
  t.same(heard, ['first sip undefined 1', 'second sip undefined 1', 'first mi 1 2', 'second mi 1 2']);
});

t.test('what commit returns is what the listeners heard', async (t) => {
  const at = table();
  const heard: CommittedChangeSet[] = [];
  at.addListener({ committed: (changes) => heard.push(changes) });
  t.equal(at.commit(request(putOrder('sip:a', T0 + HOUR), STAR), T0), heard[0]);
  t.equal(heard[0]?.writes.length, 1);
  t.same(heard[0]?.floor, at.read(AOR).floor);
});

t.test('a state that was read does not change when the table does', async (t) => {
  const at = table();
  serve(at, T0, putOrder('sip:a', T0 + HOUR, { cseq: 1 }));
  const before = at.read(AOR);
  const copy = structuredClone(before);
  serve(at, T0 + 1, putOrder('sip:a', T0 + HOUR, { cseq: 2 }), putOrder('sip:b', T0 + HOUR), STAR);
  t.same(before, copy);
});

t.test('an AoR that nobody registered is empty, and reading it leaves nothing', async (t) => {
  const at = table();
  t.same(at.read(AOR), { aor: AOR, floor: undefined, records: [] });
  t.equal(at.statistics().aors, 0);
});

t.test('stamps of one AoR never go back when the clock does', async (t) => {
  const at = table();
  const seen = [T0, T0 - HOUR, T0 - 1, T0].map((nowMs) => {
    serve(at, nowMs, putOrder('sip:a', T0 + HOUR));
    return recordOf(at, 'sip:a').version;
  });
  for (const [index, stamp] of seen.slice(1).entries()) t.ok(compareVersions(stamp, seen[index]!) > 0);
});

t.test('a phone with hundreds of contacts costs one comparison for each, not each with each', async (t) => {
  let compared = 0;
  const at = table({ sameContact: (a, b) => (compared++, sameContact(a, b)) });
  for (let n = 0; n < 200; n++) serve(at, T0, putOrder(`sip:${n}`, T0 + HOUR));
  compared = 0;
  serve(at, T0 + 1, putOrder('sip:7', T0 + HOUR));
  t.equal(shown(at, T0 + 1).length, 200);
  at.read('bob@example.com');
  t.equal(shown(at, T0 + 1).length, 200);
  t.equal(compared, 199);
});
