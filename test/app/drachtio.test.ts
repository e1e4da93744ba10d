import t, { type Test } from 'tap';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { NodeStatus } from '../../lib/mi/commands/status.ts';
import { requestText } from '../sip/embedded/sip-text.ts';
import { ServerPeer, type PeerOptions } from '../sip/drachtio/server-peer.ts';
import { Daemon, twinreg } from '../support/daemon.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { until } from '../support/until.ts';

const REGISTER = requestText({ rows: ['Contact: <sip:alice@192.0.2.7>;expires=600'] });

function configOf(peer: ServerPeer, rest = ''): string {
  return `sip: {engine: drachtio, drachtio_port: ${String(peer.port)}${rest}}\n`;
}

/** Where the peer says that it listens. */
const PLACE = { address: '127.0.0.1', port: 5060 };

async function world(t: Test, options: PeerOptions = {}) {
  const peer = await ServerPeer.open(t, options);
  const daemon = await Daemon.start(t, { ...PLACE, http: true, config: configOf(peer) });
  const ready = async () => {
    const response = await fetch(`http://${daemon.address}:${String(daemon.httpPort)}/ready`);
    const page = (await response.json()) as {
      ready: boolean;
      unready?: readonly string[];
      degraded: readonly string[];
    };
    return { status: response.status, ...page };
  };
  const metrics = async () => (await fetch(`http://${daemon.address}:${String(daemon.httpPort)}/metrics`)).text();
  return { peer, daemon, ready, metrics };
}

t.test('a daemon behind a drachtio-server binds no SIP socket and serves what the server hands over', async (t) => {
  const { peer, daemon, ready } = await world(t);
  peer.request(REGISTER);
  t.match((await peer.next()).text, /^SIP\/2\.0 200 OK\r\nContact: <sip:alice@192\.0\.2\.7>;expires=600/);
  t.match(await daemon.contactsOf('alice@example.com'), [
    { Contact: 'sip:alice@192.0.2.7', Socket: 'udp:127.0.0.1:5060' },
  ]);
  t.match(await ready(), { status: 200, ready: true });
  t.match(await daemon.status(), {
    listen: ['udp:127.0.0.1:5060', 'tcp:127.0.0.1:5060'],
    drachtio: { server: `127.0.0.1:${String(peer.port)}`, connected: true, connects: 1, losses: 0 },
  });
  t.match(await daemon.mi('get_statistics', { statistics: ['twinreg:'] }), {
    'twinreg:drachtio_connected': 1,
    'twinreg:drachtio_losses': 0,
  });
  t.match(
    (await daemon.twinreg('status')).out,
    /SIP +udp:127\.0\.0\.1:5060, tcp:127\.0\.0\.1:5060, from drachtio-server/,
  );
  t.match((await daemon.stop()).code, 0);
});

t.test(
  'a lost server is seen in /ready, metrics, status and log; the bindings stay, and the same phone is served when it is back',
  async (t) => {
    const { peer, daemon, ready, metrics } = await world(t);
    peer.request(REGISTER);
    await peer.next();
    await peer.close();
    await daemon.logged('drachtio-server is lost: no SIP until it is back');
    t.match(await ready(), { status: 503, ready: false, unready: ['drachtio'] });
    const lost: Partial<NodeStatus> = await daemon.status();
    t.match(lost, { listen: [], contacts: 1, drachtio: { connected: false, reason: String, losses: 1 } });
    t.match(
      (await daemon.twinreg('status')).out,
      /SIP +NONE: drachtio-server 127\.0\.0\.1:\d+ is not connected for [^]*\npings +waiting: on, but drachtio-server is not connected\n[^]*\nready +NO: drachtio /,
    );
    const page = await metrics();
    t.match(page, /^twinreg_drachtio_connected 0$/m);
    t.match(page, /^twinreg_drachtio_losses_total\{reason="closed"\} 1$/m);
    t.match(page, /^twinreg_ready 0$/m);
    await peer.listen();
    await until(async () => (await ready()).status === 200);
    t.match(
      (await daemon.twinreg('history')).out,
      /server lost +drachtio-server 127\.0\.0\.1:\d+ \(closed\): no SIP [^]*server back +drachtio-server 127\.0\.0\.1:\d+, after \d+\.\d s\n/,
    );
    peer.request(requestText({ callId: 'call-2', rows: ['Contact: <sip:alice@192.0.2.8>;expires=600'] }));
    t.match((await peer.next()).text, /192\.0\.2\.7[^]*192\.0\.2\.8/);
  },
);

t.test('a server that listens elsewhere makes the node unready until it listens at one of listen', async (t) => {
  const { peer, daemon, ready, metrics } = await world(t, { outside: 'udp/127.0.0.1:5070,tcp/127.0.0.1:5070' });
  t.match(await ready(), { status: 503, ready: false, unready: ['contacts'], degraded: [] });
  t.match(await daemon.status(), { drachtio: { missing: ['udp:127.0.0.1:5060', 'tcp:127.0.0.1:5060'] } });
  t.match(
    (await daemon.twinreg('status')).out,
    /SIP +udp:127.0.0.1:5070, .*, which does NOT listen at udp:127.0.0.1:5060, tcp:127.0.0.1:5060\n[^]*\nready +NO: contacts /,
  );
  t.match(await metrics(), /^twinreg_ready 0$[^]*^twinreg_drachtio_missing_sockets 2$/m);
  await daemon.logged('drachtio-server does not listen where the configuration says');

  peer.options = { outside: 'udp/127.0.0.1:5060' };
  peer.cut();
  await until(async () => (await ready()).status === 200);
  t.match(await ready(), { ready: true, degraded: ['contacts'] });
  t.match(await metrics(), /^twinreg_degraded\{reason="contacts"\} 1$[^]*^twinreg_drachtio_missing_sockets 1$/m);
  t.match((await daemon.twinreg('status')).out, /\ndegraded +contacts \(/);

  peer.options = {};
  peer.cut();
  await until(async () => {
    const page = await ready();
    return page.ready && page.degraded.length === 0;
  });
  const deaf = (at: string, where: string, end: string) =>
    `server deaf +drachtio-server 127\\.0\\.0\\.1:\\d+ at ${at}: it listens at ${where}${end}\n`;
  const [udp, tcp] = ['udp:127.0.0.1:5060', 'tcp:127.0.0.1:5060'];
  const first = deaf(`${udp}, ${tcp}`, 'udp:127.0.0.1:5070, tcp:127.0.0.1:5070', '; no phone is served');
  t.match((await daemon.twinreg('history')).out, new RegExp(`${first}[^]*${deaf(tcp, udp, '')}[^]*server back[^]*$`));
});

t.test('why the server is lost is told again when it is another reason', async (t) => {
  const { peer, daemon } = await world(t);
  peer.options = { refusal: 'incorrect secret' };
  await peer.close();
  await peer.listen();
  t.match(await daemon.logged('drachtio-server is still lost, now for another reason'), {
    reason: 'refused: incorrect secret',
  });
  const { out } = await daemon.twinreg('history');
  t.match(out, /server lost +\S+ \S+ \(closed\): .*\n.*server lost +\S+ \S+ \(refused: incorrect secret\): /);
  peer.options = {};
  await daemon.logged('drachtio-server is connected');
});

t.test('a daemon starts without its server, and is not ready', async (t) => {
  const peer = new ServerPeer(t);
  await peer.listen();
  await peer.close();
  const daemon = await Daemon.start(t, { config: configOf(peer) });
  t.match(await daemon.logged('serving'), { sockets: [], waitsFor: /^drachtio-server 127/ });
  await daemon.logged('drachtio-server does not answer: SIP is served as soon as it does');
  t.match(await daemon.status(), { drachtio: { connected: false, reason: /ECONNREFUSED/ } });
  await peer.listen();
  await daemon.logged('drachtio-server is connected');
  const { out } = await daemon.twinreg('history');
  t.match(
    out,
    /server lost +drachtio-server .*ECONNREFUSED.*\n.* started .* waits for drachtio-server 127[^]*\n.* server back /,
  );
  t.equal(out.match(/server lost/g)?.length, 1, 'whatever was tried meanwhile');
  t.match((await daemon.stop()).code, 0);
  const entries = JSON.parse((await daemon.twinreg('history', '--json')).out) as { events: { kind: string }[] };
  t.equal(entries.events.at(-1)?.kind, 'stopped', 'the end of the connection is its own');
});

t.test('the secret comes from the configuration or from a file', async (t) => {
  for (const kind of ['text', 'file'] as const) {
    const peer = await ServerPeer.open(t);
    const path = join(tempFolder(t), 'secret');
    writeFileSync(path, 'in-a-file\n');
    const key = kind === 'text' ? ', drachtio_secret: in-the-text' : `, drachtio_secret_file: ${path}`;
    const daemon = await Daemon.start(t, { config: configOf(peer, key) });
    t.equal(peer.secret, kind === 'text' ? 'in-the-text' : 'in-a-file');
    await daemon.stop();
  }
});

t.test('a secret file that is missing or says too much ends the start with a sentence', async (t) => {
  const folder = tempFolder(t);
  const bad = join(folder, 'bad');
  writeFileSync(bad, 'two\nlines\n');
  for (const path of [bad, join(folder, 'none')]) {
    const config = join(folder, 'twinreg.yaml');
    writeFileSync(config, `mi: {http: off, fifo_name: off}\nsip: {engine: drachtio, drachtio_secret_file: ${path}}\n`);
    const { code, err, out } = await twinreg(['run', '--data', join(folder, 'data'), '--config', config]);
    t.equal(code, 2);
    t.match(err + out, 'sip.drachtio_secret_file: ');
    const checked = await twinreg(['check-config', '--data', join(folder, 'data'), '--config', config]);
    t.match(checked, { code: 2, err: `sip.drachtio_secret_file: ${path === bad ? 'expected in ' : ''}${path}` });
  }
});
