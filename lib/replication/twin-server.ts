import { once } from 'node:events';
import type { Server, Socket } from 'node:net';
import { connect, createServer, isIPv6 } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { connect as connectTls, createServer as createTlsServer } from 'node:tls';
import type { Clock } from '../core/clock.ts';
import { OperationalError } from '../core/errors.ts';
import { GREETING_TIMEOUT_MS } from './limits.ts';

/** Where the twin listens: a name or a numeric address, IPv6 without brackets. */
export interface TwinAddress {
  readonly host: string;
  readonly port: number;
}

/** PEM texts. Both ends show a certificate of one of the authorities. */
export interface TwinTls {
  readonly certificate: string;
  readonly privateKey: string;
  readonly caList: string;
}

export interface TwinServerSettings {
  /** Numeric; IPv6 without brackets. */
  readonly address: string;
  readonly port: number;
  /** With `bins:`: this node's certificate, and the authorities of which the other end's must be. */
  readonly tls: TwinTls | undefined;
}

/** Connections that may be open at once, the twin's own among them. */
const CONNECTIONS_MAX = 256;

/** Connecting takes no longer, or it has failed. */
const CONNECT_TIMEOUT_MS = 3000;

/** The replication listener, and the way to the other one's: plain TCP (`bin:`), or TLS with certificates both ways (`bins:`). */
export class TwinServer {
  readonly #settings: TwinServerSettings;
  readonly #server: Server;
  /** Connections as the kernel has them: with TLS some are never handed on. */
  readonly #accepted = new Set<Socket>();

  /** @param refused hears why somebody got no connection: TLS and certificates */
  constructor(settings: TwinServerSettings, accept: (socket: Socket) => void, refused: (reason: string) => void) {
    this.#settings = settings;
    this.#server = settings.tls === undefined ? createServer(accept) : tlsServer(settings.tls, accept);
    this.#server.maxConnections = CONNECTIONS_MAX;
    this.#server.on('connection', (socket: Socket) => {
      this.#accepted.add(socket);
      socket.once('close', () => this.#accepted.delete(socket));
    });
    this.#server.on('tlsClientError', (err: Error, socket: TLSSocket) => refused(refusalText(err, socket)));
  }

  /** What a socket of `dial` emits when the machine may use it. */
  get connectedEvent(): 'connect' | 'secureConnect' {
    return this.#settings.tls === undefined ? 'connect' : 'secureConnect';
  }

  async start(): Promise<void> {
    const { address, port } = this.#settings;
    const listening = once(this.#server, 'listening');
    this.#server.listen({ host: address, port });
    try {
      await listening;
    } catch (cause) {
      throw new OperationalError(bindMessage(cause, this.#settings), { cause });
    }
    this.#server.on('error', () => undefined);
  }

  dial({ host, port }: TwinAddress): Socket {
    const { tls, address } = this.#settings;
    // From the listener's own address, so that firewalls on both sides see what the table says.
    const from = isUnspecified(address) ? {} : { localAddress: address };
    const socket =
      tls === undefined ? connect({ host, port, ...from }) : connectTls({ host, port, ...from, ...tlsOptions(tls) });
    socket.setTimeout(CONNECT_TIMEOUT_MS, () => socket.destroy(new Error(`connect ETIMEDOUT ${host}:${port}`)));
    socket.once(this.connectedEvent, () => socket.setTimeout(0));
    return socket;
  }

  /**
   * Takes no more connections, and resolves when all that were accepted are closed.
   *
   * @param afterMs so long they may take by themselves
   */
  async stop(clock: Clock, afterMs: number): Promise<void> {
    if (!this.#server.listening) return;
    const timer = clock.after(afterMs, () => {
      for (const socket of this.#accepted) socket.destroy();
    });
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
    timer.cancel();
  }
}

function tlsServer(tls: TwinTls, accept: (socket: Socket) => void): Server {
  return createTlsServer({ ...tlsOptions(tls), requestCert: true, handshakeTimeout: GREETING_TIMEOUT_MS }, accept);
}

/** Names in certificates do not count: whoever has one of the cluster's authority, and the secret, is the twin. */
function tlsOptions({ certificate, privateKey, caList }: TwinTls) {
  return {
    cert: certificate,
    key: privateKey,
    ca: caList,
    rejectUnauthorized: true,
    minVersion: 'TLSv1.2' as const,
    checkServerIdentity: () => undefined,
  };
}

/** Of a certificate that was not accepted the error itself says only that the connection ended. */
function refusalText(err: Error, { authorizationError }: TLSSocket): string {
  // Node gives the code as a text, whatever its type says.
  const code: unknown = authorizationError;
  return typeof code === 'string' ? `the certificate of the other end is not accepted: ${code}` : err.message;
}

function isUnspecified(address: string): boolean {
  return address === '0.0.0.0' || address === '::';
}

function bindMessage(cause: unknown, { address, port, tls }: TwinServerSettings): string {
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : String(cause);
  const scheme = tls === undefined ? 'bin' : 'bins';
  const place = `${scheme}:${isIPv6(address) ? `[${address}]` : address}:${port}`;
  return `listen: ${place} cannot be opened: ${reasonText(code)}`;
}

function reasonText(code: string): string {
  switch (code) {
    case 'EADDRINUSE':
      return 'another program has it; stop that one, or give another port';
    case 'EADDRNOTAVAIL':
      return 'this host has no such address; each node listens on its own, not on the virtual one';
    case 'EACCES':
      return 'this user may not open it; ports below 1024 need a privilege';
    default:
      return code;
  }
}
