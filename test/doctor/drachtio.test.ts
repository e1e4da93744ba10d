import t from 'tap';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { createSocket } from 'node:dgram';
import type { DaemonAnswer, DrachtioState } from '../../lib/doctor/daemon-answer.ts';
import { checkDrachtio, readDrachtioFacts, type DrachtioFacts } from '../../lib/doctor/drachtio.ts';
import type { Supervisor } from '../../lib/doctor/drachtio-process.ts';
import { loopbackAddress } from '../support/free-port.ts';
import { answer, config, NOT_RUNNING, pairConfig, VIRTUAL } from './support/healthy.ts';
import { said } from './support/said.ts';

const DRACHTIO = 'sip: {engine: drachtio}';
const CONNECTED: DrachtioState = {
  server: '127.0.0.1:9022',
  connected: true,
  since_ms: 5000,
  version: 'v0.9.10-1-g9c2dd4cb6a',
};
const LISTEN = [`udp:${VIRTUAL}:5060`, `tcp:${VIRTUAL}:5060`];
const SERVER = {
  pid: 77,
  configPath: '/etc/drachtio.conf.xml',
  logLevel: undefined,
  secretFrom: undefined,
  isStopped: false,
  supervisor: { kind: 'systemd', unit: 'drachtio.service', restart: 'always' },
} as const;

/** Of each element the first one counts. */
function file(inside = ''): DrachtioFacts['file'] {
  return fileOf(`${inside}<logging><loglevel>error</loglevel></logging>`);
}

function fileOf(inside: string): DrachtioFacts['file'] {
  const facts = { kind: 'file', uid: 0, gid: 0, mode: 0o640 } as const;
  return { path: '/etc/drachtio.conf.xml', content: { kind: 'text', text: `<drachtio>${inside}</drachtio>`, facts } };
}

const HEALTHY: DrachtioFacts = {
  config: pairConfig(DRACHTIO),
  answer: connected(),
  adminAddresses: ['127.0.0.1'],
  server: SERVER,
  file: file('<admin port="9022">127.0.0.1</admin>'),
  receiveBuffer: { kind: 'socket', size: 4_194_304 },
};

function check(changed: Partial<DrachtioFacts> = {}): readonly string[] {
  return said(checkDrachtio({ ...HEALTHY, ...changed }));
}

function connected(listen: readonly string[] = LISTEN, drachtio: Partial<DrachtioState> = {}): DaemonAnswer {
  return answer({ listen, drachtio: { ...CONNECTED, ...drachtio } });
}

t.test('a server that is set up well', async (t) => {
  t.strictSame(check(), []);
  t.strictSame(check({ answer: connected(LISTEN.map((socket) => `${socket} as sip.example.com:5060`)) }), []);
});

t.test('the daemon is not connected to it, and says why', async (t) => {
  const lost = (reason: string) => check({ answer: connected([], { connected: false, reason }) });
  t.match(lost('connect ECONNREFUSED'), [
    /^error: drachtio-server 127.0.0.1:9022 is not connected for 5 s: connect ECONN/,
  ]);
  t.match(lost('silent'), [/^error: .* not connected for 5 s: silent/]);
  const remedies = ['silent', 'protocol: no length', 'refused: no', 'connect ECONNREFUSED'].map((reason) => {
    const facts = { ...HEALTHY, answer: connected([], { connected: false, reason }) };
    return checkDrachtio(facts).map(({ remedy }) => remedy);
  });
  t.match(remedies, [[/^systemctl restart/], [/^look who/], [/^look who/], [/^start it/]]);
});

t.test('what to do goes by the reason', async (t) => {
  const remedyOf = (reason: string, own = HEALTHY.config) => {
    const facts = { ...HEALTHY, config: own, answer: connected([], { connected: false, reason }) };
    return checkDrachtio(facts).map(({ remedy }) => remedy);
  };
  const inFile = pairConfig('sip: {engine: drachtio, drachtio_secret_file: /s}');
  t.strictSame(remedyOf('refused: incorrect secret', inFile), [
    'make sip.drachtio_secret_file and the secret in drachtio.conf.xml the same, and restart the one that you changed',
  ]);
  t.match(remedyOf('refused: incorrect secret'), [/^make sip.drachtio_secret and /]);
  const started = {
    ...HEALTHY,
    server: { ...SERVER, secretFrom: 'DRACHTIO_SECRET' },
    answer: connected([], { connected: false, reason: 'refused: incorrect secret' }),
  } as const;
  t.match(checkDrachtio(started), [
    {
      remedy:
        /^make sip.drachtio_secret and the secret of DRACHTIO_SECRET in what starts .* outranks its file, the same/,
    },
  ]);
  t.match(remedyOf('connect ECONNREFUSED 127.0.0.1:9022'), [
    /^start it .*, or correct sip.drachtio_host and sip.drachtio_port$/,
  ]);
  t.match(remedyOf('silent'), [/^systemctl restart drachtio; .*; or correct .* if something else listens there/]);
  t.match(remedyOf('unacknowledged'), [/^systemctl restart drachtio; the active node hands over first/]);
});

t.test('a node without a twin is told nothing of one', async (t) => {
  const alone = config(`listen: "sip:${VIRTUAL}"\n${DRACHTIO}`);
  const bad = { receiveBuffer: { kind: 'default', size: 1 }, file: file('<loglevel>info</loglevel>') } as const;
  const server = { ...SERVER, supervisor: { kind: 'unknown' } } as const;
  const remedies = (own: DrachtioFacts['config']) =>
    ['silent', 'unacknowledged']
      .map((reason) => connected([], { connected: false, reason }))
      .flatMap((lost) => checkDrachtio({ ...HEALTHY, ...bad, server, config: own, answer: lost }))
      .map(({ remedy }) => remedy);
  const ofPair = /a pair|active node|passive node|hands over/;
  t.equal(remedies(alone).length, 8);
  t.strictSame(
    remedies(alone).filter((remedy) => ofPair.test(remedy)),
    [],
  );
  t.equal(remedies(HEALTHY.config).filter((remedy) => ofPair.test(remedy)).length, 8);
});

t.test('nobody listens at the admin port', async (t) => {
  const gone = { adminAddresses: [], server: undefined };
  t.match(check({ ...gone, answer: NOT_RUNNING }), [/^error: nobody listens at 127.0.0.1:9022/]);
  t.equal(
    check({ ...gone, answer: connected([], { connected: false, reason: 'x' }) }).length,
    1,
    'the daemon has said it',
  );
});

t.test('its process hangs, or nobody starts it again', async (t) => {
  const process = (changed: object) => check({ server: { ...SERVER, ...changed } });
  t.match(process({ isStopped: true }), [/^error: drachtio-server \(process 77\) is stopped/]);
  const supervised = (supervisor: Supervisor) => process({ supervisor });
  t.match(supervised({ kind: 'systemd', unit: 'x.service', restart: 'no' }), [/^warning: x.service has Restart=no/]);
  t.strictSame(supervised({ kind: 'systemd', unit: 'x.service', restart: 'on-failure' }), []);
  t.match(supervised({ kind: 'hand' }), [/^warning: drachtio-server \(process 77\) was started by hand/]);
  t.match(supervised({ kind: 'unknown' }), [/^unchecked: who starts drachtio-server again/]);
  t.match(check({ server: undefined }), [/^unchecked: the process of drachtio-server \(another user has it/]);
  for (const adminAddresses of [[], undefined]) {
    t.match(
      check({ server: undefined, adminAddresses }),
      [/^unchecked: the process of drachtio-server/],
      'it is connected, so that somebody is there',
    );
  }
});

t.test('others reach its admin port', async (t) => {
  for (const address of ['0.0.0.0', '::', '10.0.0.177']) {
    t.match(check({ adminAddresses: [address] }), [/^error: the admin port of drachtio-server is at .*:9022/], address);
  }
  t.strictSame(check({ adminAddresses: ['::1'] }), []);
  const written = { adminAddresses: [], file: file('<admin port="9022" secret="x">0.0.0.0</admin>') };
  t.match(check(written), [/^error: the admin port of drachtio-server is at 0.0.0.0:9022/], 'it does not run yet');
  const elsewhere = pairConfig('sip: {engine: drachtio, drachtio_host: 10.0.0.9}');
  t.match(check({ config: elsewhere, adminAddresses: [], file: file() }), [/^error: the admin port .* 10.0.0.9:9022/]);
});

t.test('it listens somewhere else, or at several addresses', async (t) => {
  t.match(check({ answer: connected(['udp:10.0.0.150:5070']) }), [
    /^error: listen has udp:10.0.0.150:5060, tcp:10.0.0.150:5060, and .* on udp:10.0.0.150:5070: no phone is served$/,
  ]);
  t.strictSame(check({ answer: connected(['wss:10.0.0.150:443']) }), [], 'listen cannot say that');
  t.match(check({ answer: connected(['udp:10.0.0.150:5060']) }), [
    /^error: listen has tcp:10.0.0.150:5060, and drachtio-server listens on udp:10.0.0.150:5060$/,
  ]);
  t.match(check({ answer: connected([...LISTEN, 'udp:10.0.0.177:5060']) }), [
    /^warning: drachtio-server listens on udp:10.0.0.150:5060 and udp:10.0.0.177:5060/,
  ]);
  t.strictSame(check({ answer: connected([...LISTEN, 'udp:[::1]:5060', 'ws:10.0.0.150:5080']) }), []);
  const v6 = pairConfig(DRACHTIO, '[2001:DB8::1]');
  t.strictSame(
    check({ config: v6, answer: connected(['udp:[2001:db8:0::1]:5060', 'tcp:[2001:db8::1]:5060']) }),
    [],
    'an address in another spelling',
  );
});

t.test('a contact that stands for whatever addresses there are', async (t) => {
  for (const contact of ['sip:*', 'sip:*:5060;transport=udp', 'sip:0.0.0.0:5060', 'sip:[::]:5060']) {
    const written = { file: file(`<contacts><contact>${contact}</contact></contacts>`) };
    t.match(check(written), [/^error: .* stands for the addresses of the server's start/], contact);
  }
  t.strictSame(check({ file: file('<!-- <contact>sip:*</contact> --><contact>sip:10.0.0.150</contact>') }), []);
});

t.test('a receive buffer that a burst overflows', async (t) => {
  const buffer = (receiveBuffer: DrachtioFacts['receiveBuffer']) => check({ receiveBuffer });
  t.match(buffer({ kind: 'socket', size: 212_992 }), [/^warning: the receive buffer of drachtio-server is 212992/]);
  t.match(buffer({ kind: 'default', size: 212_992 }), [/^warning: net.core.rmem_default is 212992/]);
  t.strictSame(buffer({ kind: 'default', size: 4_194_304 }), []);
  t.match(buffer({ kind: 'unknown' }), [/^unchecked: the receive buffer/]);
});

t.test('another version than the tested one', async (t) => {
  t.match(check({ answer: connected(LISTEN, { version: 'v0.8.26' }) }), [/^info: drachtio-server is version v0.8.26/]);
  t.strictSame(check({ answer: connected(LISTEN, { version: undefined }) }), [], 'a daemon that does not say it');
});

t.test('a log that grows with each request', async (t) => {
  for (const level of ['info', 'debug']) {
    t.match(check({ file: file(`<loglevel>${level}</loglevel>`) }), [/^warning: the loglevel of drachtio-server/]);
  }
  t.match(check({ file: fileOf('') }), [/^warning: the loglevel .* is info/], 'without one');
  t.strictSame(check({ file: fileOf(''), server: { ...SERVER, logLevel: 'error' } }), []);
  t.match(check({ server: { ...SERVER, logLevel: 'info' } }), [/^warning: the loglevel .* is info/], 'an option');
  const content = { kind: 'unreadable', reason: 'this user may not look at it' } as const;
  t.match(check({ file: { path: '/x.xml', content } }), [/^unchecked: \/x.xml/]);
  t.strictSame(check({ file: { path: '/x.xml', content: { kind: 'missing' } } }), [], 'all can be said by options');
});

t.test('what is looked at is read from this machine', async (t) => {
  const address = loopbackAddress();
  const admin = createServer().listen(0, address);
  await once(admin, 'listening');
  const phones = createSocket('udp4');
  phones.bind(0, address);
  await once(phones, 'listening');
  t.teardown(() => {
    admin.close();
    phones.close();
  });
  const { port } = admin.address() as { port: number };
  const sip = `{engine: drachtio, drachtio_host: ${address}, drachtio_port: ${port}}`;
  const own = config(`listen: udp:${address}:${phones.address().port}\nsip: ${sip}`);
  const facts = await readDrachtioFacts(own, NOT_RUNNING);
  t.match(facts, { adminAddresses: [address], server: { pid: process.pid, isStopped: false } });
  t.equal(facts.receiveBuffer.kind === 'unknown' ? 0 : facts.receiveBuffer.size, phones.getRecvBufferSize());
});
