import t from 'tap';
import { RegistrarWorld } from '../registrar/support/registrar-world.ts';
import type { SettingsChanges } from '../registrar/support/registrar-settings.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { PingTrace } from '../../lib/trace/ping-trace.ts';
import { RegisterTrace } from '../../lib/trace/register-trace.ts';
import type { TimedEvent } from '../../lib/trace/trace-event.ts';
import { Watchers } from '../../lib/trace/watchers.ts';

const ALICE = 'alice@example.com';
const PHONE = 'sip:alice@192.0.2.10:5060';
const CONTACT = `<${PHONE}>`;

/** A registrar whose trace of Alice is kept. */
function tracedWorld(changes: SettingsChanges = {}, aor = ALICE) {
  const clock = new ManualClock();
  const watchers = new Watchers(clock);
  const trace = new RegisterTrace({
    watchers,
    clock,
    table: { read: (of) => world.table.read(of) },
    clusterClock: { nowMs: () => world.nowMs },
  });
  const world: RegistrarWorld = new RegistrarWorld(changes, {}, trace);
  world.table.addListener(trace);
  const events: TimedEvent[] = [];
  const stop = watchers.watch(aor, (event) => events.push(event));
  const taken = () => events.splice(0);
  return { world, clock, watchers, trace, taken, stop: () => stop?.() };
}

t.test('a REGISTER is told as it came, was decided and was answered', async (t) => {
  const { world, taken } = tracedWorld();
  world.register({ contact: CONTACT, expires: 600 }, { sourceAddress: '2001:db8::7', sourcePort: 1234 });
  const [received, accepted, sent, ...more] = taken();
  t.match(received, {
    event: 'received',
    request: 1,
    at: /^2027-\d\d-\d\dT/,
    source: 'udp:[2001:db8::7]:1234',
    socket: 'udp:192.0.2.1:5060',
    text: /^REGISTER sip:example.com SIP\/2.0\r\n/,
  });
  t.same(accepted, {
    event: 'accepted',
    request: 1,
    at: accepted?.at,
    outcome: 'stored',
    call_id: 'call-1',
    cseq: 1,
    changes: [{ what: 'added', contact: PHONE, expires_s: 600 }],
  });
  t.match(sent, { event: 'sent', request: 1, status: 200, reason: 'OK', waited_ms: 0, waited_for: [] });
  t.match(sent?.event === 'sent' && sent.headers[0], ['Contact', `${CONTACT};expires=600`]);
  t.same(more, []);
});

/** What each accepted request did. */
function decisions(events: readonly TimedEvent[]) {
  return events.flatMap((event) =>
    event.event === 'accepted' ? [{ outcome: event.outcome, changes: event.changes }] : [],
  );
}

t.test('refreshes, removals, queries and retransmissions are told apart', async (t) => {
  const { world, taken } = tracedWorld();
  const refresh = { contact: CONTACT, expires: 600 };
  world.register({ ...refresh, cseq: 1 });
  world.register({ ...refresh, cseq: 2 });
  world.register({ ...refresh, cseq: 2 });
  world.register({ callId: 'other' });
  world.register({ contact: CONTACT, expires: 0, cseq: 3 });
  world.register({ contact: CONTACT, expires: 0, cseq: 4 });
  world.register({ contact: '*', expires: 0, cseq: 5 });
  world.register({ ...refresh, cseq: 6 });
  t.same(decisions(taken()), [
    { outcome: 'stored', changes: [{ what: 'added', contact: PHONE, expires_s: 600 }] },
    { outcome: 'stored', changes: [{ what: 'refreshed', contact: PHONE, expires_s: 600 }] },
    { outcome: 'retransmission', changes: [] },
    { outcome: 'query', changes: [] },
    { outcome: 'stored', changes: [{ what: 'removed', contact: PHONE }] },
    { outcome: 'stored', changes: [{ what: 'not-there', contact: PHONE }] },
    { outcome: 'stored', changes: [{ what: 'all-removed' }] },
    { outcome: 'stored', changes: [{ what: 'added', contact: PHONE, expires_s: 600 }] },
  ]);
});

t.test('what has ended by its time or by a * is added anew, not refreshed', async (t) => {
  const { world, taken } = tracedWorld();
  const what = () => decisions(taken()).flatMap(({ changes }) => changes.map((change) => change.what));
  world.register({ contact: CONTACT, expires: 600 });
  world.advance(601);
  world.register({ contact: CONTACT, expires: 600, cseq: 2 });
  t.same(what(), ['added', 'added'], 'after its time');
  world.register({ contact: '*', expires: 0, cseq: 3 });
  world.register({ contact: CONTACT, expires: 600, cseq: 4 });
  t.same(what(), ['all-removed', 'added'], 'after a *');
});

t.test('the NAT address and the path of a binding are told', async (t) => {
  const nated = tracedWorld({ nat: { uacTest: 1 } });
  nated.world.register({ contact: '<sip:alice@10.0.0.5>' }, { sourceAddress: '203.0.113.7', sourcePort: 40_000 });
  t.match(decisions(nated.taken())[0]?.changes, [{ what: 'added', received: 'sip:203.0.113.7:40000' }]);

  const behind = tracedWorld({ save: 'p1' });
  behind.world.register({ contact: CONTACT, headers: ['Supported: path', 'Path: <sip:192.0.2.99;lr>'] });
  t.match(decisions(behind.taken())[0]?.changes, [{ what: 'added', path: '<sip:192.0.2.99;lr>' }]);
});

t.test('an evicted and a replaced contact are named with the reason', async (t) => {
  const { world, taken } = tracedWorld({ contacts: { maxContacts: 1 }, save: 'f' });
  world.register({ contact: CONTACT, callId: 'one' });
  world.advance(1);
  world.register({ contact: '<sip:alice@192.0.2.20>', callId: 'two' });
  const [, second] = decisions(taken());
  t.match(second?.changes, [
    { what: 'added', contact: 'sip:alice@192.0.2.20' },
    { what: 'evicted', contact: PHONE },
  ]);
});

t.test('a refusal is told with its reason, and changes nothing', async (t) => {
  const { world, taken } = tracedWorld();
  world.register({ contact: CONTACT, cseq: 5 });
  taken();
  world.register({ contact: CONTACT, cseq: 4 });
  t.match(taken(), [
    { event: 'received', request: 2 },
    { event: 'refused', request: 2, status: 400, reason: 'Invalid CSeq', call_id: 'call-1', cseq: 4 },
    { event: 'sent', request: 2, status: 400, headers: [['P-Registrar-Error', 'Invalid CSeq']] },
  ]);
});

t.test('a request that is refused before its AoR is looked up is told to who watches what To names', async (t) => {
  const { world, taken } = tracedWorld({ addressOfRecord: { domains: ['elsewhere.example'] } });
  world.register({ contact: CONTACT, uri: 'sip:elsewhere.example' });
  t.match(taken(), [{ event: 'received' }, { event: 'refused', status: 404 }, { event: 'sent', status: 404 }]);
  const other = tracedWorld();
  other.world.register({ contact: '<mailto:alice@example.com>' });
  t.match(other.taken(), [
    { event: 'received' },
    { event: 'refused', reason: 'Contact Is Not A SIP URI' },
    { event: 'sent' },
  ]);
});

t.test('a reply that waits is told when it goes, with how long it waited and for what', async (t) => {
  const { world, clock, taken } = tracedWorld();
  world.gate.isHolding = true;
  world.deliver(
    'REGISTER sip:example.com SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.10;branch=z9hG4bK1\r\nFrom: <sip:alice@example.com>;tag=1\r\n' +
      'To: <sip:alice@example.com>\r\nCall-ID: c\r\nCSeq: 1 REGISTER\r\nContact: <sip:alice@192.0.2.10>\r\n\r\n',
  );
  t.same(
    taken().map(({ event }) => event),
    ['received', 'accepted'],
  );
  clock.advance(12.34);
  world.gate.release();
  t.match(taken(), [{ event: 'sent', request: 1, status: 200, waited_ms: 12.3, waited_for: ['twin'] }]);
});

t.test('others are not told, and nobody is when the trace has ended', async (t) => {
  const { world, taken, watchers, stop } = tracedWorld();
  world.register({ to: 'sip:bob@example.com', contact: '<sip:bob@192.0.2.11>' });
  t.same(taken(), []);
  t.equal(watchers.isWatching, true);
  stop();
  t.equal(watchers.isWatching, false);
  world.register({ contact: CONTACT });
  t.same(taken(), []);
});

t.test('changes by others, and expiry, are told as what they are', async (t) => {
  const { world, taken } = tracedWorld();
  world.register({ contact: CONTACT, expires: 600 });
  taken();
  const [record] = world.table.read(ALICE).records;
  const judgement = { kind: 'judge', key: record!.key, version: record!.version, reason: 'pings-lost' } as const;
  world.table.commit({ aor: ALICE, origin: 'ping', changes: [judgement] }, world.nowMs);
  t.match(taken(), [{ event: 'changed', by: 'ping', changes: [{ what: 'pings-lost', contact: PHONE }] }]);

  const order = { kind: 'floor', callId: 'mi', cseq: 1 } as const;
  world.table.commit({ aor: ALICE, origin: 'mi', changes: [order] }, world.nowMs);
  t.match(taken(), [{ event: 'changed', by: 'mi', changes: [{ what: 'all-removed' }] }]);

  world.register({ contact: CONTACT, expires: 600, cseq: 2 });
  taken();
  world.advance(602);
  world.table.expire(world.nowMs);
  t.match(taken(), [{ event: 'expired', contact: PHONE }]);
});

t.test('pings of the watched are told, and of nobody else', async (t) => {
  const { watchers, taken, stop } = tracedWorld();
  const pings = new PingTrace(watchers);
  const hop = { transport: 'udp', host: '203.0.113.7', port: 40_000 } as const;
  for (const aor of [ALICE, 'bob@example.com']) {
    pings.sent(aor, PHONE, hop, 'options');
    pings.answered(aor, PHONE, 200, 17.249);
    pings.lost(aor, PHONE, 2);
  }
  t.match(taken(), [
    { event: 'ping_sent', contact: PHONE, kind: 'options', to: 'udp:203.0.113.7:40000' },
    { event: 'ping_answered', contact: PHONE, status: 200, latency_ms: 17.2 },
    { event: 'ping_lost', contact: PHONE, lost_in_a_row: 2 },
  ]);
  stop();
  pings.sent(ALICE, PHONE, hop, 'options');
  t.same(taken(), []);
});
