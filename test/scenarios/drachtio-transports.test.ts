// What twinreg's own engine does not serve, and the double does not have: phones over TLS, WebSocket, secure WebSocket and IPv6, by a
// real drachtio-server.
import t, { type Test } from 'tap';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect as connectTcp, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { Authority } from '../support/certificates.ts';
import { Daemon } from '../support/daemon.ts';
import { AdminClient } from '../support/drachtio/admin-client.ts';
import { DrachtioProcess, realDrachtio } from '../support/drachtio/drachtio-process.ts';
import type { DrachtioPlace } from '../support/drachtio/place.ts';
import { WebSocketEnd } from '../support/drachtio/web-socket.ts';
import { sipKeys } from '../support/engines.ts';
import { loopbackAddress } from '../support/free-port.ts';
import { requireTool } from '../support/require-tool.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { until } from '../support/until.ts';

const real = realDrachtio();
const openssl = requireTool('openssl');

const CONFIG = 'nathelper: {natping_interval: 1, max_pings_lost: 2, ping_threshold: 1}\n';

type Transport = 'udp' | 'tcp' | 'tls' | 'ws' | 'wss';

interface Case {
  readonly transport: Transport;
  readonly address: string;
}

const CASES: readonly Case[] = [
  { transport: 'tls', address: loopbackAddress() },
  { transport: 'ws', address: loopbackAddress() },
  { transport: 'wss', address: loopbackAddress() },
  { transport: 'udp', address: '::1' },
  { transport: 'tcp', address: '::1' },
];

for (const one of CASES) {
  const title = `a phone at ${one.address === '::1' ? 'an IPv6 address' : 'an IPv4 address'} over ${one.transport.toUpperCase()}`;
  t.test(
    `${title} registers, is shown with its socket, is pinged, and leaves`,
    { skip: real.skip || openssl.skip },
    (t) => registered(t, one),
  );
}

async function registered(t: Test, { transport, address }: Case): Promise<void> {
  const server = await serverWith(t, transport, address);
  const daemon = await Daemon.start(t, {
    address,
    port: server.sipPort,
    config: `sip: {${sipKeys(server)}}\n${CONFIG}`,
  });
  const phone = await Phone.open(t, transport, { address, port: server.sipPort });
  t.match(await phone.register(600), /^SIP\/2\.0 200 /);
  const [contact] = await daemon.contactsOf('alice@example.com');
  t.equal(contact?.Socket, `${transport}:${hostText(address)}:${String(server.sipPort)}`);
  await until(async () => (await daemon.status()).pings.answered >= 2);
  t.ok(phone.pings >= 2);
  t.match(await phone.register(0), /^SIP\/2\.0 200 /);
  t.same(await daemon.contactsOf('alice@example.com'), []);
}

/** A server with one contact, of this transport. */
function serverWith(t: Test, transport: Transport, address: string): Promise<DrachtioProcess> {
  if (real.skip !== false || openssl.skip !== false) throw new Error('needs a drachtio-server and openssl');
  const authority = new Authority(tempFolder(t), 'the authority', openssl.path);
  const { certificate, privateKey } = authority.issue(address);
  const conf = ({ sipPort, adminAddress, adminPort, secret }: DrachtioPlace) => `<drachtio>
    <admin port="${String(adminPort)}" secret="${secret}">${adminAddress}</admin>
    <sip>
      <contacts><contact>${isSecure(transport) ? 'sips' : 'sip'}:${hostText(address)}:${String(sipPort)};transport=${transport}</contact></contacts>
      <tls><key-file>${privateKey}</key-file><cert-file>${certificate}</cert-file><chain-file>${authority.caPath}</chain-file></tls>
    </sip>
    <logging><console/><sofia-loglevel>0</sofia-loglevel><loglevel>error</loglevel></logging>
  </drachtio>`;
  const isServing = async (place: DrachtioPlace) => {
    try {
      (await AdminClient.connect(place)).close();
      return true;
    } catch {
      return false;
    }
  };
  return DrachtioProcess.start(t, real.command, { address, adminAddress: loopbackAddress(), conf, isServing });
}

/** One that answers every OPTIONS, over a connection that it keeps where the transport has connections. */
class Phone {
  readonly #transport: Transport;
  readonly #place: string;
  readonly #send: (text: string) => void;
  readonly #answers: string[] = [];
  #cseq = 0;
  pings = 0;

  private constructor(
    transport: Transport,
    place: string,
    wire: (received: (text: string) => void) => (text: string) => void,
  ) {
    this.#transport = transport;
    this.#place = place;
    this.#send = wire((text) => this.#take(text));
  }

  static async open(
    t: Test,
    transport: Transport,
    { address, port }: { address: string; port: number },
  ): Promise<Phone> {
    if (transport === 'udp') {
      const socket = createSocket(address.includes(':') ? 'udp6' : 'udp4');
      t.teardown(() => socket.close());
      socket.bind(0, address);
      await once(socket, 'listening');
      const place = `${hostText(address)}:${String(socket.address().port)}`;
      return new Phone(transport, place, (received) => {
        socket.on('message', (message) => received(message.toString('latin1')));
        return (text) => socket.send(Buffer.from(text, 'latin1'), port, address);
      });
    }
    // Whether the certificate is good is the server's matter, not what is looked at here.
    const socket: Socket = isSecure(transport)
      ? connectTls({ host: address, port, rejectUnauthorized: false })
      : connectTcp({ host: address, port });
    t.teardown(() => socket.destroy());
    await once(socket, isSecure(transport) ? 'secureConnect' : 'connect');
    const place = `${hostText(address)}:${String(socket.localPort)}`;
    return new Phone(transport, place, (received) => {
      if (transport === 'ws' || transport === 'wss') {
        const webSocket = new WebSocketEnd(socket, { opened: () => undefined, received }, { host: hostText(address) });
        return (text) => webSocket.send(text);
      }
      // No message that comes here has a body.
      let rest = '';
      socket.on('data', (data) => {
        const messages = (rest + data.toString('latin1')).split(/(?<=\r\n\r\n)/);
        rest = messages.at(-1)?.endsWith('\r\n\r\n') === true ? '' : (messages.pop() ?? '');
        messages.forEach(received);
      });
      return (text) => socket.write(text, 'latin1');
    });
  }

  /** Resolves with the final answer. */
  async register(expires: number): Promise<string> {
    this.#cseq += 1;
    const [transport, place] = [this.#transport, this.#place];
    this.#send(
      `REGISTER sip:example.com SIP/2.0\r\nVia: SIP/2.0/${transport.toUpperCase()} ${place};branch=z9hG4bK-t${String(this.#cseq)};rport\r\n` +
        `Max-Forwards: 70\r\nFrom: <sip:alice@example.com>;tag=a\r\nTo: <sip:alice@example.com>\r\nCall-ID: transports\r\n` +
        `CSeq: ${String(this.#cseq)} REGISTER\r\nContact: <sip:alice@${place};transport=${transport}>\r\nExpires: ${String(expires)}\r\n` +
        'Content-Length: 0\r\n\r\n',
    );
    return until(() => this.#answers[this.#cseq - 1] ?? false);
  }

  #take(text: string): void {
    if (!text.startsWith('OPTIONS ')) {
      this.#answers.push(text);
      return;
    }
    this.pings += 1;
    const rows = text.split('\r\n').filter((row) => /^(Via|From|To|Call-ID|CSeq):/.test(row));
    this.#send(
      [
        'SIP/2.0 200 OK',
        ...rows.map((row) => (row.startsWith('To:') ? `${row};tag=p` : row)),
        'Content-Length: 0',
        '',
        '',
      ].join('\r\n'),
    );
  }
}

function isSecure(transport: Transport): boolean {
  return transport === 'tls' || transport === 'wss';
}

function hostText(address: string): string {
  return address.includes(':') ? `[${address}]` : address;
}
