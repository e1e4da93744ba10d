import { missingListeners } from '../../core/missing-listeners.ts';
import type { ListenerSettings } from '../serving/listener-settings.ts';
import { socketName } from '../serving/listening-socket.ts';
import { numericAddress } from '../serving/numeric-address.ts';
import type { ListeningSocket, Transport } from '../engine.ts';
import type { ServerFacts } from './link-machine.ts';
import type { Endpoint } from './server-frame.ts';

/** What the server calls a socket's protocol, and what it calls that of a request which came in there. */
const CALLED: Readonly<Record<Transport, readonly string[]>> = {
  udp: ['udp'],
  tcp: ['tcp'],
  tls: ['tls'],
  ws: ['ws', 'tcp'],
  wss: ['wss', 'tcp', 'tls'],
};

/** What is known of the sockets that requests come in on; a server has few. */
const KNOWN_MAX = 256;

/** The sockets that drachtio-server listens on. */
export class ServerSockets {
  readonly all: readonly ListeningSocket[];
  /** Where the configuration has a listener, and the server has no socket: `udp:10.0.0.150:5060`. */
  readonly missing: readonly string[];
  /** None of the configuration's is there: phones reach nobody. */
  readonly isDeaf: boolean;
  readonly #known = new Map<string, readonly ListeningSocket[]>();

  /** @param listeners what the configuration calls them */
  constructor({ bound, outside }: ServerFacts, listeners: readonly ListenerSettings[]) {
    this.all = bound.flatMap((text, index) => socketOf(text, outside[index] ?? text, listeners) ?? []);
    const missing = missingListeners(listeners, this.all, spelling);
    this.missing = missing.map(({ transport, address, port }) => socketName(transport, address, port));
    this.isDeaf = missing.length > 0 && missing.length === listeners.length;
  }

  /**
   * The one that a request came in on. @param viaTransport in lower case; asked for only where the server's word does not tell: it calls
   * WebSocket `tcp`, and where it names no socket there may be several of a transport
   */
  of(local: Endpoint, viaTransport: () => string): ListeningSocket {
    const { protocol, address, port } = local;
    const key = `${protocol}/${address}:${String(port)}`;
    const fitting = this.#known.get(key) ?? this.#learn(key, local);
    if (fitting.length > 1) {
      const transport = viaTransport();
      const found = fitting.find((socket) => socket.transport === transport);
      if (found !== undefined) return found;
    }
    return fitting[0] ?? unlisted(protocol, address, port);
  }

  /** The one that a request to there leaves by. */
  towards(transport: Transport, isIpv6: boolean): ListeningSocket | undefined {
    return this.all.find((socket) => socket.transport === transport && socket.address.includes(':') === isIpv6);
  }

  #learn(key: string, { protocol, address, port }: Endpoint): readonly ListeningSocket[] {
    const fitting = this.all.filter(({ transport }) => CALLED[transport].includes(protocol));
    const here = fitting.filter((socket) => socket.port === port && spelling(socket.address) === spelling(address));
    const found = here.length > 0 ? here : fitting;
    if (this.#known.size >= KNOWN_MAX) this.#known.clear();
    this.#known.set(key, found);
    return found;
  }
}

/** A socket that the server has and did not tell of. */
function unlisted(protocol: string, address: string, port: number): ListeningSocket {
  const transport = TRANSPORTS.get(protocol) ?? 'udp';
  return { transport, address, port, name: socketName(transport, address, port) };
}

function spelling(address: string): string {
  return numericAddress(address) ?? address;
}

function socketOf(
  boundText: string,
  outsideText: string,
  listeners: readonly ListenerSettings[],
): ListeningSocket | undefined {
  const bound = parts(boundText);
  if (bound === undefined) return undefined;
  const { transport, host: address, port } = bound;
  const configured = listeners.find(
    (one) => one.transport === transport && one.port === port && spelling(one.address) === spelling(address),
  );
  const { advertised } = configured ?? { advertised: undefined };
  const outside = parts(outsideText) ?? bound;
  const host = advertised?.host ?? outside.host;
  const outsidePort = advertised !== undefined && advertised.port > 0 ? advertised.port : outside.port;
  return { transport, address, port, name: socketName(transport, host, outsidePort) };
}

/** `udp/10.0.0.150:5060`, IPv6 in brackets or without. */
function parts(text: string): { transport: Transport; host: string; port: number } | undefined {
  const [, name = '', host = '', port = ''] = /^([a-z]+)\/(.*):(\d+)$/.exec(text) ?? [];
  const transport = TRANSPORTS.get(name);
  if (transport === undefined || host === '') return undefined;
  return { transport, host: host.replace(/^\[|\]$/g, ''), port: Number(port) };
}

const TRANSPORTS: ReadonlyMap<string, Transport> = new Map(
  (['udp', 'tcp', 'tls', 'ws', 'wss'] as const).map((transport) => [transport, transport]),
);
