import { hostPortText } from '../core/host-port.ts';
import type { Config } from '../config/config.ts';
import { USUAL_HTTP } from '../config/http-address.ts';
import { canonicalAddress, WILDCARDS } from './movable-addresses.ts';
import type { DaemonAnswer } from './daemon-answer.ts';
import { error, unchecked, warning, type Finding } from './finding.ts';
import { holdersOf } from './open-files.ts';
import { readOpenSockets, type OpenSocket, type Protocol } from './open-sockets.ts';

/** A socket that the daemon will open, by the setting that names it. */
interface Place {
  readonly setting: string;
  readonly protocol: Protocol;
  readonly address: string;
  readonly port: number;
  /** Without it the daemon starts all the same. */
  readonly isOptional?: boolean;
}

export interface PortsFacts {
  readonly answer: DaemonAnswer;
  readonly places: readonly Place[];
  /** Undefined where the kernel's list could not be read. */
  readonly open: readonly OpenSocket[] | undefined;
  /** `sipp (process 77)` by the link of a socket, as far as this user may see it. */
  readonly holders: ReadonlyMap<string, string>;
}

/** Looks only while no daemon runs: else it has the ports itself. */
export async function readPortsFacts(config: Config, answer: DaemonAnswer): Promise<PortsFacts> {
  const places = placesOf(config);
  if (answer.kind !== 'not-running') return { answer, places, open: [], holders: new Map() };
  const open = await readOpenSockets();
  const taken = (open ?? []).filter((socket) => places.some((place) => isTaken(place, socket)));
  const holders = await holdersOf(new Set(taken.map(({ link }) => link)));
  const named = [...holders].map(([link, { program, pid }]) => [link, `${program} (process ${pid})`] as const);
  return { answer, places, open, holders: new Map(named) };
}

function placesOf({ listen, sip, cluster, mi }: Config): readonly Place[] {
  const http = mi.http ?? USUAL_HTTP;
  // With drachtio-server the listeners are its own, and it may well run.
  const own = sip.engine === 'drachtio' ? [] : listen;
  return [
    ...own.map(({ transport: protocol, address, port }) => ({ setting: 'listen', protocol, address, port })),
    ...(cluster === undefined ? [] : [{ ...cluster.listen, setting: 'listen', protocol: 'tcp' as const }]),
    ...(http.kind === 'off'
      ? []
      : [{ ...http, setting: 'mi.http', protocol: 'tcp' as const, isOptional: mi.http === undefined }]),
  ];
}

function isTaken(place: Place, socket: OpenSocket): boolean {
  if (place.protocol !== socket.protocol || place.port !== socket.port) return false;
  const own = canonicalAddress(place.address);
  if (own === socket.address) return true;
  // A socket of `::` may be for IPv6 alone, which this list does not tell; the daemon's own is for both.
  const isSameFamily = own.includes(':') === socket.address.includes(':');
  if (WILDCARDS.has(socket.address)) return isSameFamily || socket.address === '::';
  return WILDCARDS.has(own) && (isSameFamily || own === '::');
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
    const holder = holders.get(socket.link) ?? 'another program';
    const where = `${protocol} ${hostPortText(address, port)}`;
    const say = isOptional === true ? warning : error;
    return [say(`${setting}: ${holder} has ${where}`, `end it, or write another port into ${setting}`)];
  });
}
