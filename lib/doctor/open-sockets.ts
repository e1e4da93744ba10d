import { canonicalAddress } from './movable-addresses.ts';
import { readText } from './read-path.ts';

export type Protocol = 'udp' | 'tcp';

/** A socket that a program of this host has open now; over TCP one that listens. */
export interface OpenSocket {
  readonly protocol: Protocol;
  readonly address: string;
  readonly port: number;
  /** What `/proc/PID/fd/N` of who has it leads to. */
  readonly link: string;
}

const TABLES = [
  ['udp', '/proc/net/udp'],
  ['udp', '/proc/net/udp6'],
  ['tcp', '/proc/net/tcp'],
  ['tcp', '/proc/net/tcp6'],
] as const;

/** A machine with a hundred thousand connections. */
const TABLE_BYTES_MAX = 16 << 20;
const TCP_LISTEN = '0A';
const UNIX_LISTENS = '00010000';

/**
 * The kernel gives a list in pieces, and goes on by counting: while sockets close, one that stays open may be left out. That one is
 * left out each time is as good as impossible.
 */
const LOOKS = 3;

/** Those of this network namespace; undefined where the kernel's lists could not be read. Never rejects. */
export async function readOpenSockets(read: typeof readText = readText): Promise<readonly OpenSocket[] | undefined> {
  const found = new Map<string, OpenSocket>();
  for (let look = 0; look < LOOKS; look += 1) {
    for (const [protocol, path] of TABLES) {
      const table = await read(path, TABLE_BYTES_MAX);
      // A kernel without IPv6 has no lists of it.
      if (table.kind === 'missing' && path.endsWith('6')) continue;
      if (table.kind !== 'text') return undefined;
      for (const socket of socketsIn(protocol, table.text)) found.set(socket.link, socket);
    }
  }
  return [...found.values()];
}

/** Reads the kernel's list: a heading, then a line for each socket. */
export function socketsIn(protocol: Protocol, table: string): readonly OpenSocket[] {
  return table.split('\n').flatMap((line) => {
    const words = line.trim().split(/\s+/);
    const [, address = '', port = ''] = /^([0-9A-F]{8}|[0-9A-F]{32}):([0-9A-F]{4})$/.exec(words[1] ?? '') ?? [];
    if (address === '' || (protocol === 'tcp' && words[3] !== TCP_LISTEN)) return [];
    return [
      { protocol, address: addressOf(address), port: Number.parseInt(port, 16), link: socketLink(words[9] ?? '') },
    ];
  });
}

/** The unix sockets that were made at this path and take connections, by their link, whether the path still leads to them or not. */
export async function readUnixListeners(path: string): Promise<readonly string[]> {
  const table = await readText('/proc/net/unix', TABLE_BYTES_MAX);
  const lines = table.kind === 'text' ? table.text.split('\n') : [];
  return lines.flatMap((line) => {
    const [, flags = '', inode = '', own] = /^\S+ \S+ \S+ (\S+) \S+ \S+ +(\d+) (.*)$/.exec(line) ?? [];
    return own === path && flags === UNIX_LISTENS ? [socketLink(inode)] : [];
  });
}

function socketLink(inode: string): string {
  return `socket:[${inode}]`;
}

/** The kernel prints words of four octets, each in the order of this machine; those that run this are little-endian. */
function addressOf(hex: string): string {
  const octets = Buffer.from(hex, 'hex').swap32();
  if (octets.length === 4) return octets.join('.');
  const groups = Array.from({ length: 8 }, (_, at) => octets.readUInt16BE(at * 2).toString(16));
  const text = canonicalAddress(groups.join(':'));
  const mapped = /^::ffff:([0-9a-f]+):([0-9a-f]+)$/.exec(text);
  return mapped === null ? text : octets.subarray(12).join('.');
}
