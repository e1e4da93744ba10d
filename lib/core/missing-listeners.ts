import { isIPv6 } from 'node:net';

/** A socket that is there, or should be. */
export interface SocketPlace {
  /** `udp` */
  readonly transport: string;
  /** IPv6 without brackets. */
  readonly address: string;
  readonly port: number;
}

/** What `listen` can name. */
const NAMED: ReadonlySet<string> = new Set(['udp', 'tcp']);

const WILDCARDS: ReadonlySet<string> = new Set(['0.0.0.0', '::']);

/**
 * Those of `listen` that another program's sockets do not stand for. A wildcard stands for each address of its family. TLS and WebSocket cannot be
 * named there: a program that has nothing else lacks nothing if it is at the addresses of `listen`.
 * @param spelling one text for each address, in whatever way it is written
 */
export function missingListeners<T extends SocketPlace>(
  listen: readonly T[],
  sockets: readonly SocketPlace[],
  spelling: (address: string) => string,
): readonly T[] {
  const isUnnamed = sockets.every(({ transport }) => !NAMED.has(transport));
  const isThere = (wanted: SocketPlace) =>
    sockets.some(
      (socket) =>
        isAt(spelling(socket.address), spelling(wanted.address)) &&
        (isUnnamed || (socket.transport === wanted.transport && socket.port === wanted.port)),
    );
  return listen.filter((wanted) => !isThere(wanted));
}

function isAt(one: string, other: string): boolean {
  if (one === other) return true;
  return (WILDCARDS.has(one) || WILDCARDS.has(other)) && isIPv6(one) === isIPv6(other);
}
