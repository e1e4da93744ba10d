import t from 'tap';
import { checkKernel, readKernelFacts } from '../../lib/doctor/kernel.ts';
import { config, OWN, pairConfig, VIRTUAL } from './support/healthy.ts';
import { said } from './support/said.ts';

const RMEM = 'net.core.rmem_max';
const BIND = 'net.ipv4.ip_nonlocal_bind';

const check = (settings: Readonly<Record<string, number>>, own = pairConfig(), ownAddresses = [OWN]) =>
  said(checkKernel({ config: own, ownAddresses: new Set(ownAddresses), settings: new Map(Object.entries(settings)) }));

t.test('settings that fit', async (t) => {
  t.strictSame(check({ [RMEM]: 4_194_304, [BIND]: 1 }), []);
  t.strictSame(check({ [RMEM]: 4_194_304, [BIND]: 0 }, pairConfig(), [OWN, VIRTUAL]), []);
});

t.test('a receive buffer that the kernel cuts', async (t) => {
  t.match(check({ [RMEM]: 212_992, [BIND]: 1 }), [
    /^warning: net.core.rmem_max is 212992, and sip.udp_receive_buffer asks for 4194304/,
  ]);
  t.match(check({ [BIND]: 1 }), [/^unchecked: net.core.rmem_max/]);
  t.strictSame(check({ [RMEM]: 1, [BIND]: 1 }, pairConfig('sip: {udp_receive_buffer: 0}')), []);
});

t.test('an absent address that the kernel does not bind in advance', async (t) => {
  t.match(check({ [RMEM]: 1 << 23, [BIND]: 0 }), [
    /^info: 10.0.0.150 is not on this node now and net.ipv4.ip_nonlocal_bind is 0: .* which works/,
  ]);
  t.match(check({ [RMEM]: 1 << 23 }), [/^unchecked: net.ipv4.ip_nonlocal_bind/]);
  const v6 = pairConfig('', '[2001:db8::1]');
  t.match(check({ [RMEM]: 1 << 23, 'net.ipv6.ip_nonlocal_bind': 0 }, v6), [
    /^info: 2001:db8::1 .* net.ipv6.ip_nonlocal_bind is 0/,
  ]);
});

t.test('drachtio-server does not wait for an address, and takes no buffer from the configuration', async (t) => {
  const pair = pairConfig('sip: {engine: drachtio}');
  const refused =
    /^error: net.ipv4.ip_nonlocal_bind is 0: drachtio-server does not start on a node that has not got 10.0.0.150/;
  t.match(check({ [BIND]: 0 }, pair), [refused]);
  t.match(
    check({ [BIND]: 0 }, pair, [OWN, VIRTUAL]),
    [refused],
    'it starts today, and not on the node that is passive',
  );
  t.strictSame(check({ [BIND]: 1, [RMEM]: 1 }, pair), []);
  const alone = config(`listen: sip:${VIRTUAL}\nsip: {engine: drachtio}`);
  t.strictSame(check({ [BIND]: 0 }, alone, [VIRTUAL]), []);
});

t.test('a node of its own cannot wait for an address', async (t) => {
  const alone = config(`listen: sip:${VIRTUAL}`);
  t.match(check({ [RMEM]: 1 << 23, [BIND]: 0 }, alone), [
    /^error: the listener's address 10.0.0.150 is on no interface/,
  ]);
  t.strictSame(check({ [RMEM]: 1 << 23, [BIND]: 0 }, config('listen: [sip:0.0.0.0, sip:127.0.0.1]')), []);
});

t.test('a replication listener at an address that nobody can reach', async (t) => {
  const settings = { [RMEM]: 1 << 23, [BIND]: 1 };
  t.match(check(settings, pairConfig(), [VIRTUAL]), [
    /^error: listen: bin:10.0.0.177:5555 is on no interface of this host that is up: the other node cannot reach it/,
  ]);
  t.strictSame(check(settings), []);
  const pair = pairConfig();
  for (const address of ['0.0.0.0', '::', '127.0.0.9']) {
    const cluster = pair.cluster && { ...pair.cluster, listen: { ...pair.cluster.listen, address } };
    t.strictSame(check(settings, { ...pair, cluster }, [VIRTUAL]), [], address);
  }
});

t.test('the settings of this machine are read', async (t) => {
  const { settings } = await readKernelFacts(pairConfig(), new Set());
  t.type(settings.get(BIND), 'number');
});
