import { readdir, readlink } from 'node:fs/promises';
import { basename } from 'node:path';
import { hostPortText } from '../core/host-port.ts';
import type { Config } from '../config/config.ts';
import { HTTP_PORT } from '../config/http-address.ts';
import { canonicalAddress } from './movable-addresses.ts';
import type { DaemonAnswer } from './daemon-answer.ts';
import { error, unchecked, warning, type Finding } from './finding.ts';
import { readText } from './read-path.ts';

type Protocol = 'udp' | 'tcp';

/** A socket that the daemon will open, by the setting that names it. */
interface Place {
  readonly setting: string;
  readonly protocol: Protocol;
  readonly address: string;
  readonly port: number;
  /** Without it the daemon starts all the same. */
  readonly isOptional?: boolean;
}

/** A socket that a program of this host has open now; over TCP one that listens. */
export interface OpenSocket {
  readonly protocol: Protocol;
  readonly address: string;
  readonly port: number;
  readonly inode: string;
}

export interface PortsFacts {
  readonly answer: DaemonAnswer;
  readonly places: readonly Place[];
  /** Undefined where the kernel's list could not be read. */
  readonly open: readonly OpenSocket[] | undefined;
  /** `sipp (process 77)` by inode, as far as this user may see it. */
  readonly holders: ReadonlyMap<string, string>;
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

/** Looks only while no daemon runs: else it has the ports itself. */
export async function readPortsFacts(config: Config, answer: DaemonAnswer): Promise<PortsFacts> {
  const places = placesOf(config);
  if (answer.kind !== 'not-running') return { answer, places, open: [], holders: new Map() };
  const lists = await Promise.all(TABLES.map(([protocol, path]) => openSockets(protocol, path)));
  const readable = lists.flatMap((list) => list ?? []);
  const open = lists.every((list) => list === undefined) ? undefined : readable;
  const taken = readable.filter((socket) => places.some((place) => isTaken(place, socket)));
  return { answer, places, open, holders: await holdersOf(new Set(taken.map(({ inode }) => inode))) };
}

function placesOf({ listen, cluster, mi }: Config): readonly Place[] {
  const http = mi.http ?? { kind: 'on', address: '127.0.0.1', port: HTTP_PORT };
  return [
    ...listen.map(({ transport: protocol, address, port }) => ({ setting: 'listen', protocol, address, port })),
    ...(cluster === undefined ? [] : [{ ...cluster.listen, setting: 'listen', protocol: 'tcp' as const }]),
    ...(http.kind === 'off'
      ? []
      : [{ ...http, setting: 'mi.http', protocol: 'tcp' as const, isOptional: mi.http === undefined }]),
  ];
}

async function openSockets(protocol: Protocol, path: string): Promise<readonly OpenSocket[] | undefined> {
  const table = await readText(path, TABLE_BYTES_MAX);
  if (table.kind !== 'text') return undefined;
  return socketsIn(protocol, table.text);
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

const WILDCARDS: ReadonlySet<string> = new Set(['0.0.0.0', '::']);

function isTaken(place: Place, socket: OpenSocket): boolean {
  if (place.protocol !== socket.protocol || place.port !== socket.port) return false;
  const own = canonicalAddress(place.address);
  if (own === socket.address) return true;
  // A socket of `::` may be for IPv6 alone, which this list does not tell; the daemon's own is for both.
  const isSameFamily = own.includes(':') === socket.address.includes(':');
  if (WILDCARDS.has(socket.address)) return isSameFamily || socket.address === '::';
  return WILDCARDS.has(own) && (isSameFamily || own === '::');
}

/** Who has these sockets: a process has a link to each of its own. Those of other users only root sees. */
async function holdersOf(inodes: ReadonlySet<string>): Promise<ReadonlyMap<string, string>> {
  const found = new Map<string, string>();
  if (inodes.size === 0) return found;
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  for (const pid of pids) {
    for (const fd of await readdir(`/proc/${pid}/fd`).catch(() => [])) {
      const link = await readlink(`/proc/${pid}/fd/${fd}`).catch(() => '');
      const [, inode] = /^socket:\[(\d+)\]$/.exec(link) ?? [];
      if (inode === undefined || !inodes.has(inode) || found.has(inode)) continue;
      // A thread may call itself something else than its program.
      const program = await readlink(`/proc/${pid}/exe`).catch(() => 'a program');
      found.set(inode, `${basename(program)} (process ${pid})`);
    }
  }
  return found;
}

/** Whether another program has a port that the daemon will want. */
export function checkPorts({ answer, places, open, holders }: PortsFacts): readonly Finding[] {
  if (answer.kind !== 'not-running') return [];
  if (open === undefined)
    return [unchecked('whether the ports are free (/proc/net cannot be read)', 'look at ss -lntup')];
  return places.flatMap((place) => {
    const socket = open.find((found) => isTaken(place, found));
    if (socket === undefined) return [];
    const { setting, protocol, address, port, isOptional } = place;
    const holder = holders.get(socket.inode) ?? 'another program';
    const where = `${protocol} ${hostPortText(address, port)}`;
    const say = isOptional === true ? warning : error;
    return [say(`${setting}: ${holder} has ${where}`, `end it, or write another port into ${setting}`)];
  });
}
