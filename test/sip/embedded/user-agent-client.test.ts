import t from 'tap';
import type { ListeningSocket } from '../../../lib/sip/engine.ts';
import { ConnectionTable } from '../../../lib/sip/embedded/connection-table.ts';
import { ENGINE_LIMITS } from '../../../lib/sip/embedded/engine-settings.ts';
import { EngineStatistics } from '../../../lib/sip/serving/engine-statistics.ts';
import type { InterfaceAddress } from '../../../lib/sip/serving/interface-addresses.ts';
import { NameCache } from '../../../lib/sip/serving/name-cache.ts';
import { UserAgentClient } from '../../../lib/sip/embedded/user-agent-client.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import { optionsTo } from './options-text.ts';
import { headerOf } from './sip-text.ts';

interface Sent {
  readonly text: string;
  readonly address: string;
  readonly port: number;
}

const TCP = {
  ...ENGINE_LIMITS.tcp,
  connectionsMax: 1,
  connectionsPerSourceMax: 1,
  messageTimeoutMs: 4000,
  idleTimeoutMs: 3_900_000,
};

/** A client whose only socket keeps what it should send. */
function newClient(
  socket: ListeningSocket,
  firstRandom = 1,
): { client: UserAgentClient; sent: Sent[]; interfaces: InterfaceAddress[]; clock: ManualClock } {
  const sent: Sent[] = [];
  const interfaces: InterfaceAddress[] = [];
  const clock = new ManualClock();
  const statistics = new EngineStatistics();
  let random = firstRandom;
  const client = new UserAgentClient({
    udp: [
      { socket, isBound: true, sendUnasked: (text, address, port) => (sent.push({ text, address, port }), 'sent') },
    ],
    tcp: [],
    connections: new ConnectionTable(TCP, clock, statistics),
    names: new NameCache(() => Promise.resolve([]), clock),
    interfaceAddresses: () => interfaces,
    clock,
    random: { u32: () => random++ >>> 0 },
    statistics,
    optionsUnsent: () => undefined,
    userAgent: '',
  });
  return { client, sent, interfaces, clock };
}

t.test('a wildcard socket learns within a minute that this host has another address', (t) => {
  const socket = { transport: 'udp', address: '0.0.0.0', port: 5060, name: 'udp:0.0.0.0:5060' } as const;
  const { client, sent, interfaces, clock } = newClient(socket);
  const contact = (): string | undefined => {
    client.sendOptions(optionsTo({ transport: 'udp', host: '192.0.2.7', port: 5060 }));
    return headerOf(sent.at(-1)?.text ?? '', 'Contact');
  };
  t.equal(contact(), '<sip:127.0.0.1:5060>');
  interfaces.push({ address: '192.0.2.1', internal: false });
  clock.advance(59_999);
  t.equal(contact(), '<sip:127.0.0.1:5060>');
  clock.advance(1);
  t.equal(contact(), '<sip:192.0.2.1:5060>');
  t.end();
});

t.test('a socket on one link reaches what is on it, and tells nobody its own name of the link', (t) => {
  const socket = { transport: 'udp', address: 'fe80::1%eth0', port: 5060, name: 'udp:[fe80::1%eth0]:5060' } as const;
  const { client, sent } = newClient(socket);
  for (const host of ['fe80::7', '2001:db8::7']) client.sendOptions(optionsTo({ transport: 'udp', host, port: 5070 }));
  t.match(sent, [
    { address: 'fe80::7%eth0', port: 5070 },
    { address: '2001:db8::7', port: 5070 },
  ]);
  t.match(headerOf(sent[0]?.text ?? '', 'Via'), 'SIP/2.0/UDP [fe80::1]:5060;rport;');
  t.equal(headerOf(sent[0]?.text ?? '', 'Contact'), '<sip:[fe80::1]:5060>');
  t.end();
});

t.test('CSeq starts anywhere with much room before it would start over', (t) => {
  const socket = { transport: 'udp', address: '192.0.2.1', port: 5060, name: 'udp:192.0.2.1:5060' } as const;
  const { client, sent } = newClient(socket, 0xffff_fffc);
  client.sendOptions(optionsTo({ transport: 'udp', host: '192.0.2.7', port: 5060 }));
  t.equal(headerOf(sent[0]?.text ?? '', 'CSeq'), `${String(0x3fff_fffe + 1)} OPTIONS`);
  t.end();
});
