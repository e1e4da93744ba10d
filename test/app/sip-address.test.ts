import t from 'tap';
import { SipAddress } from '../../lib/app/sip-address.ts';
import type { ListeningSocket, WaitingSocket } from '../../lib/sip/engine.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { silentLog } from '../support/silent-log.ts';

const VIP = '10.0.0.150';
const LOOPBACK = '127.0.0.100';

function socket(transport: 'udp' | 'tcp', address: string): ListeningSocket {
  return { transport, address, port: 5060, name: `${transport}:${address}:5060` };
}

/** An engine and a host's interfaces as the test sets them. */
class World {
  readonly clock = new ManualClock();
  readonly engine = {
    sockets: [] as ListeningSocket[],
    ownsSockets: true,
    waiting: [] as WaitingSocket[],
    bindWaiting: () => this.tries++,
  };
  readonly host = new Set<string>();
  readonly address: SipAddress;
  tries = 0;

  constructor(...addresses: readonly string[]) {
    const interfaceAddresses = () => [...this.host].map((address) => ({ address, internal: false }));
    const { clock, engine } = this;
    this.address = new SipAddress({ addresses, engine, interfaceAddresses, clock, log: silentLog });
  }

  get said(): boolean[] {
    const said: boolean[] = [];
    this.address.addListener({ changed: (isHere) => said.push(isHere) });
    return said;
  }

  waits(...sockets: readonly ListeningSocket[]): void {
    const sinceMs = this.clock.monotonicMs();
    this.engine.waiting = sockets.map((one) => ({ socket: one, sinceMs, reason: 'not here' }));
  }
}

t.test('an address is floating when another host can have it; a wildcard cannot leave', (t) => {
  const cases = [
    [[VIP], 'watched', true],
    [[LOOPBACK, '::1'], 'watched', false],
    [['0.0.0.0', '::'], 'always-here', false],
    [['0.0.0.0', '2001:db8::1'], 'watched', true],
  ] as const;
  for (const [addresses, rule, isFloating] of cases) {
    t.match(new World(...addresses).address, { rule, isFloating }, addresses.join(' '));
  }
  t.end();
});

t.test('addresses are compared by what they mean', (t) => {
  const world = new World('2001:DB8:0::150', 'fe80::1%eth0');
  const { said } = world;
  world.host.add('2001:db8::150').add('fe80::1');
  world.address.start();
  t.same(said, [true]);
  world.address.stop();
  t.end();
});

t.test('a loopback address is here while this process has all its sockets, as it is told at once', (t) => {
  const world = new World(LOOPBACK, LOOPBACK);
  const { said, engine } = world;
  const [udp, tcp] = [socket('udp', LOOPBACK), socket('tcp', LOOPBACK)];
  world.host.add(LOOPBACK);
  world.waits(udp, tcp);
  world.address.start();
  engine.sockets = [udp];
  world.waits(tcp);
  world.address.bound();
  t.same(said, [false]);
  engine.sockets = [udp, tcp];
  world.waits();
  world.address.bound();
  t.same(said, [false, true]);
  world.address.stop();
  t.end();
});

t.test('a loopback address stays here while a drachtio-server that has the sockets is away', (t) => {
  const world = new World(LOOPBACK);
  const { said, engine } = world;
  engine.ownsSockets = false;
  engine.sockets = [socket('udp', LOOPBACK)];
  world.address.start();
  engine.sockets = [];
  world.address.bound();
  t.same(said, [true]);
  world.address.stop();
  t.end();
});

t.test('its arrival, and whoever orders the role, has the sockets bound at once', (t) => {
  const world = new World(VIP);
  world.address.start();
  t.equal(world.tries, 0);
  world.host.add(VIP);
  world.clock.advance(100);
  t.equal(world.tries, 1);
  world.address.look();
  t.equal(world.tries, 2);
  world.address.stop();
  t.end();
});

t.test('that a socket cannot be bound is a fault only a second after the address came, and while it is here', (t) => {
  const world = new World(VIP);
  world.waits(socket('udp', VIP));
  world.address.start();
  world.clock.advance(60_000);
  t.match(world.address, { isAwaited: true, isBindFailing: false }, 'it waits');
  world.host.add(VIP);
  world.clock.advance(100);
  world.clock.advance(999);
  t.equal(world.address.isBindFailing, false);
  world.clock.advance(1);
  t.equal(world.address.isBindFailing, true);
  world.host.delete(VIP);
  world.clock.advance(100);
  t.equal(world.address.isBindFailing, false);
  world.host.add(VIP);
  world.clock.advance(2000);
  t.equal(world.address.isBindFailing, true);
  world.waits();
  t.match(world.address, { isAwaited: false, isBindFailing: false });
  world.address.stop();
  t.end();
});

t.test('a loopback address that the other node on this machine has is no fault', (t) => {
  const world = new World(LOOPBACK);
  world.host.add(LOOPBACK);
  world.waits(socket('udp', LOOPBACK));
  world.address.start();
  world.clock.advance(60_000);
  t.match(world.address, { isAwaited: true, isBindFailing: false });
  world.address.stop();
  t.end();
});
