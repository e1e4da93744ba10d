import t from 'tap';
import { OwnSockets } from '../../lib/pinger/own-sockets.ts';
import type { ListeningSocket, NextHop } from '../../lib/sip/engine.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { INTERVAL_MS, PingerWorld } from './support/pinger-world.ts';

function pinged(received: string, cflags = 'SIPPING_ENABLE'): PingerWorld {
  const world = new PingerWorld();
  world.register('alice', { received, cflags });
  world.clock.advance(INTERVAL_MS);
  return world;
}

t.test('a host name of a phone is not asked for', async (t) => {
  for (const cflags of ['SIPPING_ENABLE', '']) {
    for (const host of ['attacker.example.com', '1.2.3.4.example.com', 'localhost', '0x7f.1']) {
      const world = pinged(`sip:${host}:40000`, cflags);
      t.equal(world.sent.length, 0, host);
      t.match(world.stats, { skipped: { unresolved: 1, unreadable: 0 } }, host);
    }
  }
  const world = new PingerWorld();
  world.register('bob', {}, { key: 'sip:bob@phone.example.com', contactUri: 'sip:bob@phone.example.com' });
  world.clock.advance(INTERVAL_MS);
  t.match(world.stats, { optionsSent: 0, skipped: { unresolved: 1 } }, 'nor one in Contact');
});

t.test('a host name of a proxy is', async (t) => {
  const world = new PingerWorld();
  world.register('alice', { path: '<sip:edge.example.com;lr>', received: 'sip:phone.example.com' });
  t.equal(world.untilPinged().hop.host, 'edge.example.com');
  t.equal(world.stats.skipped.unresolved, 0);
});

t.test('nothing is sent to what is no address of one other host', async (t) => {
  const hosts = ['127.1', '2130706433', '1.2.3.4.5', '300.1.1.1', '0.0.0.0', '0.1.2.3', '224.0.0.1', '239.255.255.250'];
  const more = ['255.255.255.255', '[::]', '[ff02::1]', '[FF05::2]', '[::ffff:224.0.0.1]', '[::ffff:0.0.0.0]'];
  for (const host of [...hosts, ...more]) {
    for (const fields of [{ received: `sip:${host}:5353` }, { path: `<sip:${host}:5353;lr>` }]) {
      const world = new PingerWorld();
      world.register('alice', fields);
      world.clock.advance(INTERVAL_MS);
      t.match(world.stats, { optionsSent: 0, skipped: { unreadable: 1 } }, JSON.stringify(fields));
    }
  }
  for (const host of ['1.0.0.1', '223.255.255.254', '240.0.0.1', '127.0.0.1', '[2001:db8::1]', '[fe80::1]']) {
    t.equal(pinged(`sip:${host}:40000`).stats.optionsSent, 1, host);
  }
});

t.test('nothing is sent to this node itself', async (t) => {
  const world = new PingerWorld();
  const asked: NextHop[] = [];
  world.isOwnAddress = (hop) => {
    asked.push(hop);
    return hop.port === 5060;
  };
  world.register('alice', { received: 'sip:192.0.2.10' });
  world.register('bob', { received: 'sip:192.0.2.10:5061', cflags: '' });
  world.clock.advance(INTERVAL_MS);
  t.match(world.stats, { optionsSent: 0, keepAlivesSent: 1, skipped: { unreadable: 1 } });
  t.equal(asked.length, 2);
});

function socket(address: string, port: number, name = ''): ListeningSocket {
  return { transport: 'udp', address, port, name: name === '' ? `udp:${address}:${String(port)}` : name };
}

t.test('its own are the sockets as they are bound and as the outside knows them', async (t) => {
  const sockets = [
    socket('192.0.2.10', 5060, 'udp:198.51.100.1:15060'),
    socket('2001:db8::a', 5060, 'udp:[2001:db8::b]:15060'),
    socket('::1', 5070),
  ];
  const own = new OwnSockets({ sockets: () => sockets, hostAddresses: () => ['192.0.2.11'], clock: new ManualClock() });
  const hop = (host: string, port: number): NextHop => ({ transport: 'udp', host, port });
  const yes = [hop('192.0.2.10', 5060), hop('198.51.100.1', 15060), hop('2001:DB8:0::a', 5060)];
  for (const each of [...yes, hop('::ffff:192.0.2.10', 5060), hop('2001:db8::b', 15060), hop('0::1', 5070)]) {
    t.ok(own.has(each), JSON.stringify(each));
  }
  const no = [hop('192.0.2.10', 5061), hop('192.0.2.11', 5060), hop('198.51.100.1', 5060), hop('127.0.0.1', 5060)];
  for (const each of [...no, { ...hop('192.0.2.10', 5060), transport: 'tcp' as const }]) {
    t.notOk(own.has(each), JSON.stringify(each));
  }
});

t.test('a socket on all addresses has those of the host, asked for once a minute', async (t) => {
  const clock = new ManualClock();
  let hostAddresses = ['192.0.2.10', 'fe80::1%eth0'];
  let questions = 0;
  const own = new OwnSockets({
    sockets: () => [socket('0.0.0.0', 5060), socket('::', 5060)],
    hostAddresses: () => {
      questions++;
      return hostAddresses;
    },
    clock,
  });
  const has = (host: string, port = 5060) => own.has({ transport: 'udp', host, port });
  t.ok(has('192.0.2.10') && has('fe80::1') && has('127.0.0.1') && has('127.8.8.8'));
  t.notOk(has('192.0.2.11') || has('192.0.2.10', 5061));
  t.equal(questions, 1);
  hostAddresses = ['192.0.2.11'];
  clock.advance(60_000);
  t.ok(has('192.0.2.11'));
  t.notOk(has('192.0.2.10'));
  t.equal(questions, 2);
});
