import t from 'tap';
import { LAST_REFUSALS_MAX } from '../../lib/registrar/last-refusals.ts';
import { REFUSAL_REASONS_MAX } from '../../lib/registrar/registrar.ts';
import { RegistrarWorld } from './support/registrar-world.ts';

const CONTACT = '<sip:alice@192.0.2.10>';

t.test('what was granted is told apart: stored, asked for, come again', async (t) => {
  const world = new RegistrarWorld();
  t.match(world.registrar.counts(), { outcomes: { stored: 0, query: 0, retransmission: 0 }, lastAcceptedMs: 0 });
  world.register({ contact: CONTACT });
  world.register({ contact: CONTACT });
  world.register({ callId: 'q' });
  world.register({ callId: 'q', cseq: 2 });
  world.advance(5);
  world.register({ contact: CONTACT, expires: 0, cseq: 2 });
  world.register({ contact: CONTACT, expires: 0, cseq: 1 });
  const { outcomes, lastAcceptedMs } = world.registrar.counts();
  t.same(outcomes, { stored: 2, query: 2, retransmission: 1 });
  t.match(world.registrar.statistics(), { accepted_regs: 5, rejected_regs: 1 });
  t.equal(lastAcceptedMs, world.nowMs);
  world.advance(5);
  world.register({ contact: CONTACT, cseq: 1 });
  t.equal(world.registrar.counts().lastAcceptedMs, world.nowMs - 5000, 'a refusal is no sign that it works');
});

t.test('refusals are counted by status and reason, by the telling one where the phrase is general', async (t) => {
  const world = new RegistrarWorld({ contacts: { maxContacts: 1 } });
  world.register({ contact: CONTACT, cseq: 5 });
  world.register({ contact: CONTACT, cseq: 4 });
  world.register({ contact: CONTACT, cseq: 3 });
  world.register({ contact: '<sip:alice@192.0.2.11>', callId: 'other' });
  world.register({ contact: CONTACT, headers: ['Require: evil-text'] });
  t.same(
    [...world.registrar.counts().refusals],
    [
      ['400 Invalid CSeq', 2],
      ['503 Too many registered contacts', 1],
      ['420 Bad Extension', 1],
    ],
  );
});

t.test('whatever phones send, the reasons stay few', async (t) => {
  const world = new RegistrarWorld({ addressOfRecord: { domains: ['example.com'] } });
  for (let i = 0; i < 500; i++) {
    world.register({
      to: `sip:u${i}@d${i}.example`,
      contact: `<sip:u${i}@192.0.2.1;x${i}=y>;q=${i}x`,
      headers: [`Require: r${i}`],
    });
    world.register({ to: `sip:u${i}@d${i}.example`, contact: `<sip:u${i}@192.0.2.1>` });
    world.register({ contact: `<u${i}:x>`, callId: `c${i}` });
  }
  const { refusals } = world.registrar.counts();
  t.equal(world.registrar.statistics().rejected_regs, 1500);
  t.ok(refusals.size <= 4, `${[...refusals.keys()].join(', ')}`);
  t.ok(refusals.size <= REFUSAL_REASONS_MAX);
});

t.test('the time of a request ends with its reply, the wait for the disk included', async (t) => {
  const world = new RegistrarWorld();
  world.register({ contact: CONTACT });
  world.gate.isHolding = true;
  world.deliver(REGISTER);
  t.equal(world.registrar.counts().serviceTimes.count, 1);
  world.advance(0.07);
  world.gate.release();
  const { serviceTimes } = world.registrar.counts();
  t.equal(serviceTimes.count, 2);
  t.equal(serviceTimes.sumMs, 70);
  const at = serviceTimes.boundsMs.indexOf(50);
  t.same(serviceTimes.cumulative().slice(at, at + 2), [1, 2]);
});

const REGISTER =
  'REGISTER sip:example.com SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.10;branch=z9hG4bK1\r\nFrom: <sip:alice@example.com>;tag=1\r\n' +
  'To: <sip:alice@example.com>\r\nCall-ID: c\r\nCSeq: 1 REGISTER\r\nContact: <sip:alice@192.0.2.10>\r\n\r\n';

t.test('the last refusals are remembered with who it was, the oldest going first', async (t) => {
  const world = new RegistrarWorld();
  world.register({ contact: CONTACT, cseq: 100 });
  for (let cseq = 1; cseq <= LAST_REFUSALS_MAX + 2; cseq++) {
    world.advance(1);
    world.register({ contact: CONTACT, cseq });
  }
  const { lastRefusals } = world.registrar.counts();
  t.equal(lastRefusals.length, LAST_REFUSALS_MAX);
  t.match(lastRefusals.at(-1), { atMs: world.nowMs, to: /alice@example\.com/, reason: '400 Invalid CSeq' });
  t.equal(lastRefusals[0]?.atMs, world.nowMs - 1000 * (LAST_REFUSALS_MAX - 1));
});
