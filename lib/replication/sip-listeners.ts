import { hostPortText } from '../core/host-port.ts';
import { isLoopback } from '../core/is-loopback.ts';

/** A socket that SIP is served at while its address is here; the address in the one spelling of `numericAddress`. */
export interface SipListener {
  readonly transport: string;
  readonly address: string;
  readonly port: number;
}

/** Where both nodes serve SIP, as far as one of them knows it. */
interface ServedPlaces {
  readonly twinId: number;
  readonly ours: readonly SipListener[];
  /** Empty: the twin does not say. */
  readonly theirs: readonly SipListener[];
  /** Addresses of `ours` that are not on this host. */
  readonly absentHere: readonly string[];
  /** What `lacksForeign` says at the twin. */
  readonly doesTwinLack: boolean;
}

export interface ListenerComparison {
  /** What phones would lose when an address moves from either node to the other; a sentence, undefined: nothing. */
  readonly difference: string | undefined;
  /** Why no address can move from this node to the twin; a sentence, undefined: nothing that is known here. */
  readonly obstacle: string | undefined;
}

/** Without a twin, or with one that does not say where it serves. */
export const NOT_COMPARED: ListenerComparison = { difference: undefined, obstacle: undefined };

const WILDCARDS: ReadonlySet<string> = new Set(['0.0.0.0', '::']);

/**
 * Whether a node waits for an address that its twin cannot give away. An address that each node has of its own is no such one,
 * since it is here; nor is the one that moves, since the twin serves it too.
 */
export function lacksForeign(absent: readonly string[], theirs: readonly SipListener[]): boolean {
  return foreignOf(absent, theirs).length > 0;
}

function foreignOf(absent: readonly string[], theirs: readonly SipListener[]): readonly string[] {
  if (theirs.length === 0 || theirs.some(isWildcard)) return [];
  return absent.filter((address) => !theirs.some((listener) => listener.address === address));
}

/** Compares where SIP is served. A wildcard serves whatever comes, so that nothing is wrong with it. */
export function compareListeners({ twinId, absentHere, ...places }: ServedPlaces): ListenerComparison {
  const { ours, theirs } = places;
  if (ours.length === 0 || theirs.length === 0 || [...ours, ...theirs].some(isWildcard)) return NOT_COMPARED;
  const foreign = foreignOf(absentHere, theirs);
  const isStranding = places.doesTwinLack || foreign.length > 0;
  const ourOnly = ours.filter((one) => !theirs.some((other) => isSame(one, other)));
  const theirOnly = theirs.filter((one) => !ours.some((other) => isSame(one, other)));
  const movesIn = (listeners: readonly SipListener[]) => (one: SipListener) =>
    !isLoopback(one.address) && listeners.some(({ address }) => address === one.address);
  // Of addresses that both have every socket counts; of others, which may be each node's own, none does.
  const lostThere = isStranding ? ourOnly : ourOnly.filter(movesIn(theirs));
  const lostHere = isStranding ? theirOnly : theirOnly.filter(movesIn(ours));
  const parts = [
    ...(lostThere.length === 0 ? [] : [`only this node serves ${listText(lostThere)}${absentText(foreign)}`]),
    ...(lostHere.length === 0 ? [] : [`only node ${String(twinId)} serves ${listText(lostHere)}${lackText(places)}`]),
  ];
  const difference = parts.length === 0 ? undefined : `listen differs between the nodes: ${parts.join(', and ')}`;
  if (isStranding || lostThere.length > 0) return { difference, obstacle: difference };
  const isNoneShared = !ours.some((one) => isLoopback(one.address)) && !ours.some(movesIn(theirs));
  return { difference, obstacle: isNoneShared ? noneSharedText(ours, theirs, twinId) : undefined };
}

function isWildcard({ address }: SipListener): boolean {
  return WILDCARDS.has(address);
}

function isSame(one: SipListener, other: SipListener): boolean {
  return one.transport === other.transport && one.address === other.address && one.port === other.port;
}

function absentText(foreign: readonly string[]): string {
  return foreign.length === 0 ? '' : ` (it has not got ${foreign.join(', ')})`;
}

function lackText({ doesTwinLack }: Pick<ServedPlaces, 'doesTwinLack'>): string {
  return doesTwinLack ? ' (and has not got all of these)' : '';
}

function noneSharedText(ours: readonly SipListener[], theirs: readonly SipListener[], twinId: number): string {
  return `no address of listen is the same on both nodes, so that none can move: this node serves ${listText(ours)}, node ${String(twinId)} ${listText(theirs)}`;
}

function listText(listeners: readonly SipListener[]): string {
  return listeners.map(({ transport, address, port }) => `${transport}:${hostPortText(address, port)}`).join(' ');
}
