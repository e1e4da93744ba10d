import t from 'tap';
import { configOf, problemsOf, warningsOf } from './load.ts';

t.test('SIP comes from sockets of this process unless somebody says otherwise', async (t) => {
  t.equal(configOf('').sip.engine, 'embedded');
  t.match(configOf('sip: {engine: drachtio}').sip, {
    engine: 'drachtio',
    drachtio_host: '127.0.0.1',
    drachtio_port: 9022,
    drachtio_secret: 'cymru',
  });
});

t.test('a secret file is below the data folder, and stands alone', async (t) => {
  const { sip } = configOf('sip: {engine: drachtio, drachtio_secret_file: s}', { data: '/d' });
  t.equal(sip.drachtio_secret_file, '/d/s');
  t.same(problemsOf('sip: {engine: drachtio, drachtio_secret: a, drachtio_secret_file: b}'), [
    't.yaml:1: sip.drachtio_secret: stands beside drachtio_secret_file; remove one of the two',
  ]);
});

t.test('keys that the other engine has are warned about', async (t) => {
  t.same(warningsOf('sip: {engine: drachtio, udp_receive_buffer: 0}'), [
    't.yaml:1: sip.udp_receive_buffer: has no effect with engine: drachtio',
  ]);
  t.same(warningsOf('sip: {drachtio_port: 9023}'), [
    't.yaml:1: sip.drachtio_port: has no effect with engine: embedded',
  ]);
  t.same(warningsOf('sip: {engine: drachtio, drachtio_port: 9023, server_header: x}'), []);
});

t.test('a secret that would break the words of the protocol is refused, and not shown', async (t) => {
  const [problem = ''] = problemsOf('sip: {engine: drachtio, drachtio_secret: "a|b"}');
  t.match(problem, 'sip.drachtio_secret: expected visible ASCII characters but "|"');
  t.notMatch(problem, 'a|b');
});
