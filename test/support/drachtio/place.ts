import { freePort, loopbackAddress } from '../free-port.ts';

/** Where a drachtio-server listens, real or a double. */
export interface DrachtioPlace {
  /** Of SIP. */
  readonly address: string;
  readonly sipPort: number;
  /** Of SIP over WebSocket; undefined where the server has no such socket. */
  readonly wsPort?: number | undefined;
  /** Of the connections of apps. */
  readonly adminAddress: string;
  readonly adminPort: number;
  readonly secret: string;
}

export interface PlaceOptions extends Partial<DrachtioPlace> {
  /** Whether it has a socket for SIP over WebSocket. */
  readonly hasWebSocket?: boolean;
}

/** What is left open becomes a loopback address of its own, and free ports of it. */
export async function newPlace(options: PlaceOptions): Promise<DrachtioPlace> {
  const address = options.address ?? loopbackAddress();
  const adminAddress = options.adminAddress ?? address;
  return {
    address,
    sipPort: options.sipPort ?? (await freePort(address)),
    wsPort: options.wsPort ?? (options.hasWebSocket === true ? await freePort(address) : undefined),
    adminAddress,
    adminPort: options.adminPort ?? (await freePort(adminAddress)),
    secret: options.secret ?? 'cymru',
  };
}

export type PlaceTransport = 'udp' | 'tcp' | 'ws';

/** The port of the socket that has this transport. */
export function portOf({ sipPort, wsPort }: DrachtioPlace, transport: PlaceTransport): number {
  return transport === 'ws' ? (wsPort ?? 0) : sipPort;
}

/** What the server calls a transport towards apps: WebSocket is TCP to it. */
export function protocolOf(transport: PlaceTransport): string {
  return transport === 'ws' ? 'tcp' : transport;
}

/** SIP timers of a server, in milliseconds; the ones left out are those of RFC 3261. */
export interface SipTimers {
  readonly t1Ms?: number;
  /** How long a request waits for its answer before the server makes a 408. */
  readonly t1x64Ms?: number;
}

/** A drachtio-server, real or a double, in this process or its own. */
export interface DrachtioServer extends DrachtioPlace {
  /** Starts it again where it was, with nothing of what it knew; resolves when it serves. */
  start(): Promise<void>;
  /** It is gone at once, and all that was under way is lost. */
  kill(): Promise<void>;
  restart(): Promise<void>;
  /** It does nothing any more, and all its sockets stay. */
  hang(): void;
  resume(): void;
  /** Resolves when it has ended, by `kill` or by itself. */
  ended(): Promise<void>;
}
