import t from 'tap';
import { ServerSockets } from '../../../lib/sip/drachtio/server-sockets.ts';

const NOBODY = () => {
  throw new Error('nobody asks for the Via');
};

t.test('the name that the configuration gives a socket counts before the one that the server gives', async (t) => {
  const facts = { outside: ['udp/203.0.113.1:5060'], bound: ['udp/10.0.0.150:5060'], version: '' };
  const as = (port: number) => [
    { transport: 'udp' as const, address: '10.0.0.150', port: 5060, advertised: { host: 'sip.example.com', port } },
  ];
  t.equal(new ServerSockets(facts, []).all[0]?.name, 'udp:203.0.113.1:5060');
  t.equal(new ServerSockets(facts, as(5080)).all[0]?.name, 'udp:sip.example.com:5080');
  t.equal(new ServerSockets(facts, as(0)).all[0]?.name, 'udp:sip.example.com:5060');
});

t.test('what is no socket is left out, and a request on an unknown one is served all the same', async (t) => {
  const bound = ['udp/10.0.0.1:5060', 'sctp/10.0.0.1:5060', 'nonsense', 'tcp/:5060'];
  const sockets = new ServerSockets({ outside: bound, bound, version: '' }, []);
  t.equal(sockets.all.length, 1);
  t.equal(sockets.of({ protocol: 'udp', address: '', port: 0 }, NOBODY).name, 'udp:10.0.0.1:5060');
  t.match(sockets.of({ protocol: 'tls', address: '10.0.0.9', port: 5061 }, NOBODY), {
    transport: 'tls',
    name: 'tls:10.0.0.9:5061',
  });
});

t.test('IPv6 addresses are compared, not their spellings', async (t) => {
  const bound = ['udp/[2001:DB8:0::1]:5060', 'udp/10.0.0.1:5060'];
  const sockets = new ServerSockets({ outside: bound, bound, version: '' }, []);
  t.equal(sockets.of({ protocol: 'udp', address: '2001:db8::1', port: 5060 }, NOBODY), sockets.all[0]);
  t.equal(sockets.towards('udp', true), sockets.all[0]);
  t.equal(sockets.towards('udp', false), sockets.all[1]);
  t.equal(sockets.towards('tcp', false), undefined);
});
