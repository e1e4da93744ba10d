import t from 'tap';
import { RegistrarWorld } from './support/registrar-world.ts';

const PHONE = '<sip:alice@10.0.0.5:5060>';
const EDGE = '<sip:edge.example.net;lr>';
const INNER = '<sip:inner.example.net;lr>';
const SUPPORTED = 'Supported: gruu, path';

function stored(world: RegistrarWorld): { path: string; received: string; cflags: string } | undefined {
  const [record] = world.table.read('alice@example.com').records;
  if (record?.kind !== 'put') return undefined;
  const { path, received, cflags } = record.binding;
  return { path, received, cflags };
}

t.test('without a p-flag Path is ignored', async (t) => {
  const world = new RegistrarWorld();
  const answer = world.register({ contact: PHONE, headers: [`Path: ${EDGE}`, SUPPORTED] });
  t.same(answer.headers('Path'), []);
  t.equal(stored(world)?.path, '');
});

t.test('p0 stores the Path and does not echo it', async (t) => {
  const world = new RegistrarWorld({ save: 'p0' });
  const answer = world.register({ contact: PHONE, headers: [`Path: ${EDGE}`, SUPPORTED] });
  t.same(answer.headers('Path'), []);
  t.equal(stored(world)?.path, EDGE);
});

t.test('p1 stores the Path and echoes it, in order, to who supports it (RFC 3327 §5.3)', async (t) => {
  const world = new RegistrarWorld({ save: 'p1' });
  const headers = [`Path: ${EDGE}`, `Path: ${INNER} , <sip:last.example.net;lr>`, SUPPORTED];
  const answer = world.register({ contact: PHONE, headers });
  t.same(answer.headers('Path'), [`${EDGE},${INNER},<sip:last.example.net;lr>`]);
  t.equal(stored(world)?.path, `${EDGE},${INNER},<sip:last.example.net;lr>`);
});

t.test('p1 stores the Path of who does not support it, and does not echo it', async (t) => {
  const world = new RegistrarWorld({ save: 'path-lazy' });
  const answer = world.register({ contact: PHONE, headers: [`Path: ${EDGE}`] });
  t.equal(answer.status, 200);
  t.same(answer.headers('Path'), []);
  t.equal(stored(world)?.path, EDGE);
});

t.test('p2 refuses who does not support Path with 420, before anything is stored', async (t) => {
  // OpenSIPS stores and replicates the binding first.
  const world = new RegistrarWorld({ save: 'p2' });
  const answer = world.register({ contact: PHONE, headers: [`Path: ${EDGE}`] });
  t.equal(answer.status, 420);
  t.equal(answer.reason, 'Bad Extension');
  t.same(answer.headers('Unsupported'), ['path']);
  t.same(answer.headers('Path'), [EDGE]);
  t.same(world.table.read('alice@example.com').records, []);
});

t.test('p2 serves who supports Path, and who sends none', async (t) => {
  const world = new RegistrarWorld({ save: 'p2' });
  t.equal(world.register({ contact: PHONE, cseq: 1 }).status, 200);
  const answer = world.register({ contact: PHONE, cseq: 2, headers: [`Path: ${EDGE}`, 'Supported: PATH'] });
  t.same(answer.headers('Path'), [EDGE]);
});

t.test('a refresh replaces the Path, and one without Path clears it', async (t) => {
  const world = new RegistrarWorld({ save: 'p1' });
  world.register({ contact: PHONE, cseq: 1, headers: [`Path: ${EDGE}`] });
  world.register({ contact: PHONE, cseq: 2, headers: [`Path: ${INNER}`] });
  t.equal(stored(world)?.path, INNER);
  world.register({ contact: PHONE, cseq: 3 });
  t.equal(stored(world)?.path, '');
});

t.test('one Contact by two Paths is one binding', async (t) => {
  const world = new RegistrarWorld({ save: 'p1' });
  world.register({ contact: PHONE, callId: 'a', headers: [`Path: ${EDGE}`] });
  t.equal(world.register({ contact: PHONE, callId: 'b', headers: [`Path: ${INNER}`] }).contacts.length, 1);
});

t.test('a malformed Path is 400, and the binding stays as it is', async (t) => {
  const world = new RegistrarWorld({ save: 'p1' });
  world.register({ contact: PHONE, cseq: 1, headers: [`Path: ${EDGE}`] });
  const before = world.table.read('alice@example.com');
  const wrong = ['<sip:edge.example.net>', 'sip:edge.example.net', '<sip:edge', '<tel:+1;lr>', `${EDGE}, <>`, ','];
  for (const path of wrong) {
    t.equal(world.register({ contact: PHONE, cseq: 2, headers: [`Path: ${path}`, SUPPORTED] }).status, 400, path);
  }
  t.same(world.table.read('alice@example.com'), before);
});

t.test(
  'a Path longer than its setting is 400; the default lets through more than the 255 octets of OpenSIPS',
  async (t) => {
    const long = `<sip:${'e'.repeat(300)}.example.net;lr>`;
    const generous = new RegistrarWorld({ save: 'p1' });
    t.equal(generous.register({ contact: PHONE, headers: [`Path: ${long}`] }).status, 200);
    const like = new RegistrarWorld({ save: 'p1', contacts: { maxPathLen: 255 } });
    t.equal(like.register({ contact: PHONE, headers: [`Path: ${long}`] }).reason, 'Path Too Long');
    t.equal(like.register({ contact: PHONE, headers: [`Path: ${EDGE}`, `Path: ${long}`] }).status, 400);
  },
);

t.test('v takes received from the first Path URI, unescaped, and marks the binding as NATed', async (t) => {
  const world = new RegistrarWorld({ save: 'p1v', nat: { bflag: 'NAT' } });
  const path = '<sip:edge.example.net;lr;received=sip:203.0.113.7:1024%3Btransport%3Dtcp>';
  world.register({ contact: PHONE, headers: [`Path: ${path}`, `Path: ${INNER}`] });
  t.same(stored(world), {
    path: `${path},${INNER}`,
    received: 'sip:203.0.113.7:1024;transport=tcp',
    cflags: 'NAT',
  });
});

t.test('v takes received from the second Path URI when the first has r2', async (t) => {
  const world = new RegistrarWorld({ save: 'p1v' });
  const outer = '<sip:edge.example.net;lr;r2=on;received=sip:203.0.113.7:1024>';
  world.register({ contact: PHONE, headers: [`Path: <sip:edge.example.net;lr;r2=on>, ${outer}`] });
  t.equal(stored(world)?.received, 'sip:203.0.113.7:1024');
});

t.test('v beats what the Contact says; without v the Path does not say anything', async (t) => {
  const path = 'Path: <sip:edge.example.net;lr;received=sip:203.0.113.7:1024>';
  const contact = `${PHONE};received="sip:203.0.113.8:2048"`;
  const withFlag = new RegistrarWorld({ save: 'p1v' });
  withFlag.register({ contact, headers: [path] });
  t.equal(stored(withFlag)?.received, 'sip:203.0.113.7:1024');
  const without = new RegistrarWorld({ save: 'p1' });
  without.register({ contact, headers: [path] });
  t.equal(stored(without)?.received, 'sip:203.0.113.8:2048');
});

t.test('a received in the Path that is no SIP URI, or too long, is 400', async (t) => {
  const world = new RegistrarWorld({ save: 'p1v' });
  for (const received of ['nonsense', 'tel:+1', `sip:${'h'.repeat(252)}`, 'sip:a%22b', 'sip:h%0D%0AX']) {
    const path = `Path: <sip:edge.example.net;lr;received=${received}>`;
    t.equal(world.register({ contact: PHONE, headers: [path] }).status, 400, received);
  }
});

t.test('behind a Path the source address is a proxy, so NAT tests do not look at it', async (t) => {
  const world = new RegistrarWorld({ save: 'p1', nat: { uacTest: 255, bflag: 'NAT' } });
  world.register({ contact: PHONE, headers: [`Path: ${EDGE}`] });
  t.same(stored(world), { path: EDGE, received: '', cflags: '' });
});

t.test('who requires path is not refused for not supporting it, and gets the Path', async (t) => {
  const answer = new RegistrarWorld({ save: 'p2' }).register({
    contact: PHONE,
    headers: ['Require: path', `Path: ${EDGE}`],
  });
  t.equal(answer.status, 200);
  t.same(answer.headers('Path'), [EDGE]);
});

t.test('Require: path is served when a p-flag is on, else 420', async (t) => {
  const headers = ['Require: Path', `Path: ${EDGE}`];
  t.equal(new RegistrarWorld({ save: 'p1' }).register({ contact: PHONE, headers }).status, 200);
  const answer = new RegistrarWorld().register({ contact: PHONE, headers });
  t.equal(answer.status, 420);
  t.same(answer.headers('Unsupported'), ['Path']);
});
