import t from 'tap';
import { checkAddress } from '../../lib/doctor/address.ts';
import type { DaemonStatus } from '../../lib/doctor/daemon-answer.ts';
import { answer, config, NOT_RUNNING, OWN, pairConfig, VIRTUAL } from './support/healthy.ts';
import { said } from './support/said.ts';

const PASSIVE = { flag: false, address_here: false, yielding: false };
const ACTIVE = { flag: true, address_here: true, yielding: false };

function check(role: DaemonStatus['role'], isHere: boolean, others: Partial<DaemonStatus> = {}) {
  return said(
    checkAddress({
      config: pairConfig(),
      answer: answer({ role, ...others }),
      ownAddresses: new Set(isHere ? [OWN, VIRTUAL] : [OWN]),
      virtualAddresses: [VIRTUAL],
    }),
  );
}

t.test('role and address on the same node, or both on the other one', async (t) => {
  t.strictSame(check(ACTIVE, true), []);
  t.strictSame(check(PASSIVE, false), []);
});

t.test('the role without the address, and the address without the role', async (t) => {
  t.match(check({ ...ACTIVE, address_here: false }, false), [
    /^error: nh_enable_ping is 1 here, and 10.0.0.150 is on no int/,
  ]);
  t.match(check({ ...PASSIVE, address_here: true }, true), [
    /^error: 10.0.0.150 is on this node, and nh_enable_ping is 0/,
  ]);
});

t.test('the address without the role, while the other node is active', async (t) => {
  const replication = { outgoing: 'in-sync', synced: true, twin_active: true };
  const role = { ...PASSIVE, address_here: true };
  t.match(check(role, true, { replication }), [
    /^error: 10.0.0.150 is on this node, and the other node, which is active, has it too/,
  ]);
  const staying = { config: pairConfig(), answer: answer({ role, replication }), ownAddresses: new Set([VIRTUAL]) };
  t.strictSame(said(checkAddress({ ...staying, virtualAddresses: [] })), [], 'an address that nobody moves');
});

t.test('both nodes are active', async (t) => {
  t.match(check({ ...ACTIVE, other_active: 2 }, true), [/^error: both nodes are active: .* and node 2 yields/]);
  t.match(check({ ...ACTIVE, other_active: 2, yielding: true }, true), [
    /^error: both nodes are active: .* and this node yields/,
  ]);
  const facts = { config: pairConfig(), ownAddresses: new Set([VIRTUAL]), virtualAddresses: [VIRTUAL] };
  const [found] = checkAddress({ ...facts, answer: answer({ role: { ...ACTIVE, other_active: 2 } }) });
  t.match(
    found?.remedy,
    /protocol 112 .*unicast_peer .*killed or hangs.*restart keepalived.* then say twinreg ping off/,
  );
});

t.test('nobody is active, and the nodes hear each other', async (t) => {
  const nobody = { outgoing: 'in-sync', synced: true, twin_id: 2, twin_active: false };
  const passive = { ...PASSIVE, active: false };
  const nobodys = /^error: nobody is active, neither this node nor node 2: /;
  t.match(check(passive, false, { replication: nobody }), [nobodys]);
  t.match(check({ ...passive, flag: true }, false, { replication: nobody }), [nobodys, /^error: nh_enable_ping is 1/]);
  t.strictSame(check({ ...ACTIVE, active: true }, true, { replication: nobody }), []);
  t.strictSame(check(passive, false, { replication: { ...nobody, twin_active: true } }), []);
  t.strictSame(check(passive, false, { replication: { ...nobody, outgoing: 'down' } }), [], 'nobody knows');
});

t.test('the role without the address, where keepalived moves another one, is no fault of its scripts', async (t) => {
  const role = { ...ACTIVE, address_here: false };
  const facts = {
    config: pairConfig('', '10.0.0.151'),
    answer: answer({ role }),
    ownAddresses: new Set([OWN, VIRTUAL]),
  };
  t.strictSame(said(checkAddress({ ...facts, virtualAddresses: [VIRTUAL] })), []);
  t.match(said(checkAddress({ ...facts, virtualAddresses: [] })), [/^error: nh_enable_ping is 1 here, and 10.0.0.151/]);
});

t.test('a socket that cannot be opened though its address is here', async (t) => {
  const waiting = (forMs: number) => ({
    listen_waiting: [{ socket: 'udp:10.0.0.150:5060', for_ms: forMs, reason: 'in use' }],
  });
  t.match(check(ACTIVE, true, waiting(5000)), [
    /^error: the address is here, and udp:10.0.0.150:5060 cannot be opened: in use/,
  ]);
  t.strictSame(check(ACTIVE, true, waiting(500)), [], 'it has just arrived');
  t.strictSame(check(PASSIVE, false, waiting(5000)), [], 'it waits for its address');
});

t.test('a node of its own, a node whose address stays, and a daemon that says nothing', async (t) => {
  const facts = { ownAddresses: new Set([OWN]), virtualAddresses: [] };
  const alone = config(`listen: sip:${VIRTUAL}`);
  t.strictSame(said(checkAddress({ ...facts, config: alone, answer: answer({ role: ACTIVE }) })), []);
  const fixed = pairConfig('', '127.0.0.1');
  t.strictSame(said(checkAddress({ ...facts, config: fixed, answer: answer({ role: PASSIVE }) })), []);
  t.strictSame(said(checkAddress({ ...facts, config: pairConfig(), answer: NOT_RUNNING })), []);
});

t.test('of several addresses the one that keepalived moves counts', async (t) => {
  const both = pairConfig('', `${VIRTUAL}", "sip:10.0.0.99`);
  const facts = { config: both, ownAddresses: new Set([OWN, VIRTUAL]) };
  const active = answer({ role: ACTIVE });
  t.strictSame(said(checkAddress({ ...facts, answer: active, virtualAddresses: [VIRTUAL] })), []);
  t.match(said(checkAddress({ ...facts, answer: active, virtualAddresses: [] })), [
    /^error: .* and 10.0.0.99 is on no/,
  ]);
});
