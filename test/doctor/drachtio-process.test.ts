import t from 'tap';
import { adminSockets, placeIn } from '../../lib/doctor/drachtio-process.ts';
import { config } from './support/healthy.ts';

t.test('a control group names the unit that a process belongs to', async (t) => {
  t.strictSame(placeIn('0::/system.slice/drachtio.service\n'), { kind: 'unit', unit: 'drachtio.service' });
  const first = '12:memory:/system.slice/drachtio.service\n1:name=systemd:/system.slice/drachtio.service\n0::/\n';
  t.strictSame(placeIn(first), { kind: 'unit', unit: 'drachtio.service' });
  t.strictSame(placeIn('0::/user.slice/user-0.slice/session-3.scope\n'), { kind: 'hand' });
  const ofUser = '0::/user.slice/user-7.slice/user@7.service/app.slice/drachtio.service\n';
  for (const text of ['0::/\n', '0::/docker/4711\n', '0::/system.slice/docker-4711.scope\n', ofUser, '']) {
    t.strictSame(placeIn(text), { kind: 'unknown' }, text);
  }
});

t.test('the admin port is where the configuration says, also when it is bound to all addresses', async (t) => {
  const socket = (address: string, port: number, protocol: 'udp' | 'tcp' = 'tcp') => {
    return { protocol, address, port, link: 'socket:[7]' };
  };
  const found = [socket('127.0.0.1', 9022), socket('0.0.0.0', 9022), socket('::', 9022)];
  const others = [socket('127.0.0.2', 9022), socket('127.0.0.1', 9023), socket('127.0.0.1', 9022, 'udp')];
  t.strictSame(adminSockets(config('sip: {engine: drachtio}'), [...found, ...others]), found);
  const byName = config('sip: {engine: drachtio, drachtio_host: localhost}');
  t.strictSame(adminSockets(byName, [...found, socket('::1', 9022)]), [...found, socket('::1', 9022)]);
  t.strictSame(adminSockets(byName, [socket('127.0.0.1', 9023)]), []);
});
