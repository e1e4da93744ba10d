import t from 'tap';
import { compareListeners, lacksForeign, NOT_COMPARED } from '../../lib/replication/sip-listeners.ts';

/** `sip:` as the configuration has it: UDP and TCP. */
const sip = (...addresses: readonly string[]) =>
  addresses.flatMap((address) => ['udp', 'tcp'].map((transport) => ({ transport, address, port: 5060 })));
const udp = (address: string, port = 5060) => [{ transport: 'udp', address, port }];

type Listeners = ReturnType<typeof sip>;

/** Both nodes' view, as far as each is without `absent` addresses of its own. */
function seen(one: Listeners, two: Listeners, absent: { readonly one?: string[]; readonly two?: string[] } = {}) {
  const [absentOne, absentTwo] = [absent.one ?? [], absent.two ?? []];
  const here = { ours: one, theirs: two, absentHere: absentOne, doesTwinLack: lacksForeign(absentTwo, one) };
  const there = { ours: two, theirs: one, absentHere: absentTwo, doesTwinLack: lacksForeign(absentOne, two) };
  return { one: compareListeners({ twinId: 2, ...here }), two: compareListeners({ twinId: 1, ...there }) };
}

const VIRTUAL = '10.0.0.150';
const OTHER = '10.0.0.151';

t.test('nothing is said of nodes that differ on purpose, or not at all', async (t) => {
  const quiet: readonly (readonly [string, Listeners, Listeners, { one?: string[]; two?: string[] }?])[] = [
    ['the same on both', sip(VIRTUAL), sip(VIRTUAL), { two: [VIRTUAL] }],
    ['an address under way is on neither', sip(VIRTUAL), sip(VIRTUAL), { one: [VIRTUAL], two: [VIRTUAL] }],
    ['an address of its own beside it', sip(VIRTUAL, '10.0.0.1'), sip('10.0.0.2', VIRTUAL), { two: [VIRTUAL] }],
    ['a wildcard on both', sip('0.0.0.0'), sip('0.0.0.0')],
    ['a wildcard on one', sip('::'), sip(VIRTUAL), { two: [VIRTUAL] }],
    ['loopback addresses, with ports of their own', udp('127.0.0.1', 5060), udp('127.0.0.1', 5062)],
    ['loopback addresses of their own', udp('127.0.0.1'), udp('127.0.0.2')],
    ['a node of the release before', sip(VIRTUAL), [], { one: [VIRTUAL] }],
  ];
  for (const [name, one, two, absent] of quiet)
    t.same(seen(one, two, absent), { one: NOT_COMPARED, two: NOT_COMPARED }, name);
});

t.test('nodes with nothing but addresses of their own differ on purpose, and have nothing to hand over', async (t) => {
  const { one, two } = seen(sip('10.0.0.1'), sip('10.0.0.2'));
  t.equal(one.difference, undefined);
  t.equal(two.difference, undefined);
  t.match(one.obstacle, /^no address of listen is the same .*udp:10.0.0.1:5060 .*, node 2 udp:10.0.0.2:5060 /);
});

t.test('another address, before it moves and after, is said on both nodes and hands nothing over', async (t) => {
  for (const absent of [{ two: [OTHER] }, { one: [VIRTUAL], two: [OTHER] }]) {
    const { one, two } = seen(sip(VIRTUAL), sip(OTHER), absent);
    const moved = 'one' in absent;
    t.equal(
      one.difference,
      `listen differs between the nodes: only this node serves udp:10.0.0.150:5060 tcp:10.0.0.150:5060${moved ? ' (it has not got 10.0.0.150)' : ''}, and only node 2 serves udp:10.0.0.151:5060 tcp:10.0.0.151:5060 (and has not got all of these)`,
    );
    t.match(
      two.difference,
      /serves udp:10.0.0.151:5060 .* \(it has not got 10.0.0.151\), and only node 1 serves udp:10.0.0.150/,
    );
    t.equal(one.obstacle, one.difference);
    t.equal(two.obstacle, two.difference);
  }
});

t.test('of several addresses that move, one differs', async (t) => {
  const [one, two] = [sip(VIRTUAL, '10.0.0.160'), sip(VIRTUAL, '10.0.0.161')];
  const both = seen(one, two, { two: [VIRTUAL, '10.0.0.161'] });
  t.match(both.one.obstacle, /only this node serves udp:10.0.0.160:5060 .* only node 2 serves udp:10.0.0.161:5060/);
  t.notMatch(both.one.obstacle, '150');
});

t.test('a transport, or a port, of the address that both have', async (t) => {
  const tcp = seen(sip(VIRTUAL, '10.0.0.1'), [...udp(VIRTUAL), ...sip('10.0.0.2')], { two: [VIRTUAL] });
  t.equal(tcp.one.difference, 'listen differs between the nodes: only this node serves tcp:10.0.0.150:5060');
  t.equal(tcp.one.obstacle, tcp.one.difference);
  t.match(tcp.two.difference, /only node 1 serves tcp/);
  t.equal(tcp.two.obstacle, undefined, 'a node that serves more may be given the address');
  const port = seen(udp('2001:db8::1'), udp('2001:db8::1', 5062));
  t.match(port.one.obstacle, /only this node serves udp:\[2001:db8::1\]:5060, and only node 2 serves .*\]:5062$/);
});
