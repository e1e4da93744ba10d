import { readdir, readlink } from 'node:fs/promises';
import { basename } from 'node:path';
import { canonicalAddress } from './movable-addresses.ts';
import { readText } from './read-path.ts';

export type Protocol = 'udp' | 'tcp';

/** A socket that a program of this host has open now; over TCP one that listens. */
export interface OpenSocket {
  readonly protocol: Protocol;
  readonly address: string;
  readonly port: number;
  readonly inode: string;
}

/** A process that has a socket. */
export interface SocketHolder {
  readonly pid: number;
  /** The name of its program's file. */
  readonly program: string;
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

/** Those of this network namespace; undefined where the kernel's lists could not be read. */
export async function readOpenSockets(): Promise<readonly OpenSocket[] | undefined> {
  const lists = await Promise.all(TABLES.map(([protocol, path]) => listed(protocol, path)));
  return lists.every((list) => list === undefined) ? undefined : lists.flatMap((list) => list ?? []);
}

async function listed(protocol: Protocol, path: string): Promise<readonly OpenSocket[] | undefined> {
  const table = await readText(path, TABLE_BYTES_MAX);
  return table.kind === 'text' ? socketsIn(protocol, table.text) : undefined;
}

/** Reads the kernel's list: a heading, then a line for each socket. */
export function socketsIn(protocol: Protocol, table: string): readonly OpenSocket[] {
  return table.split('\n').flatMap((line) => {
    const words = line.trim().split(/\s+/);
    const [, address = '', port = ''] = /^([0-9A-F]{8}|[0-9A-F]{32}):([0-9A-F]{4})$/.exec(words[1] ?? '') ?? [];
    if (address === '' || (protocol === 'tcp' && words[3] !== TCP_LISTEN)) return [];
    return [{ protocol, address: addressOf(address), port: Number.parseInt(port, 16), inode: words[9] ?? '' }];
  });
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

/** Who has these sockets, by inode: a process has a link to each of its own. Those of other users only root sees. */
export async function holdersOf(inodes: ReadonlySet<string>): Promise<ReadonlyMap<string, SocketHolder>> {
  const found = new Map<string, SocketHolder>();
  if (inodes.size === 0) return found;
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  for (const pid of pids) {
    for (const fd of await readdir(`/proc/${pid}/fd`).catch(() => [])) {
      const link = await readlink(`/proc/${pid}/fd/${fd}`).catch(() => '');
      const [, inode] = /^socket:\[(\d+)\]$/.exec(link) ?? [];
      if (inode === undefined || !inodes.has(inode) || found.has(inode)) continue;
      // A thread may call itself something else than its program.
      const program = await readlink(`/proc/${pid}/exe`).catch(() => 'a program');
      found.set(inode, { pid: Number(pid), program: basename(program) });
    }
  }
  return found;
}
