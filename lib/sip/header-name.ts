import { toLower } from './octets.ts';

/** The headers that are recognised, by their full name in lower case. Others are kept in the text and skipped. */
const HEADER_NAMES = [
  'via',
  'from',
  'to',
  'call-id',
  'cseq',
  'max-forwards',
  'content-length',
  'content-type',
  'expires',
  'date',
  'user-agent',
  'contact',
  'path',
  'supported',
  'require',
  'proxy-require',
  'allow',
  'route',
  'record-route',
  'authorization',
  'proxy-authorization',
  'accept',
  'event',
  'content-encoding',
  'min-expires',
  'retry-after',
  'server',
  'service-route',
  'unsupported',
  'www-authenticate',
  'proxy-authenticate',
  'subject',
  'refer-to',
  'referred-by',
  'session-expires',
  'allow-events',
  'reject-contact',
  'accept-contact',
  'request-disposition',
  'identity',
  'identity-info',
] as const;

export type HeaderName = (typeof HEADER_NAMES)[number];

/** Compact forms, RFC 3261 §7.3.3 and those registered since. */
const COMPACT: Readonly<Record<string, HeaderName>> = {
  a: 'accept-contact',
  b: 'referred-by',
  c: 'content-type',
  d: 'request-disposition',
  e: 'content-encoding',
  f: 'from',
  i: 'call-id',
  j: 'reject-contact',
  k: 'supported',
  l: 'content-length',
  m: 'contact',
  n: 'identity-info',
  o: 'event',
  r: 'refer-to',
  s: 'subject',
  t: 'to',
  u: 'allow-events',
  v: 'via',
  x: 'session-expires',
  y: 'identity',
};

/** The id of a header that is not in the list. */
export const OTHER_HEADER = HEADER_NAMES.length;

const IDS: ReadonlyMap<string, number> = new Map(HEADER_NAMES.map((name, id) => [name, id]));

/** A small number for each name: its place in the list. */
export function headerId(name: HeaderName): number {
  return IDS.get(name) ?? OTHER_HEADER;
}

/** Of the table below; a power of two, sparse enough that a name is found at its first or second slot. */
const SLOTS = 512;
const EMPTY = -1;
const SLOT_IDS = new Int8Array(SLOTS).fill(EMPTY);
/** Octets that a slot has for its name: the longest has 19. One flat array, because V8 then reads it without a look at its kind. */
const NAME_ROOM = 32;
const SLOT_NAMES = new Uint8Array(SLOTS * NAME_ROOM);
const SLOT_LENGTHS = new Uint8Array(SLOTS);

for (const [name, id] of IDS) fillSlot(name, id);
for (const [letter, name] of Object.entries(COMPACT)) fillSlot(letter, headerId(name));

function fillSlot(name: string, id: number): void {
  const octets = Buffer.from(name, 'latin1');
  let slot = slotOf(octets, 0, octets.length);
  while (SLOT_IDS[slot] !== EMPTY) slot = (slot + 1) & (SLOTS - 1);
  SLOT_IDS[slot] = id;
  SLOT_LENGTHS[slot] = octets.length;
  SLOT_NAMES.set(octets, slot * NAME_ROOM);
}

/** By length, first and last letter: few of our names have all three in common. */
function slotOf(octets: Uint8Array, start: number, end: number): number {
  const first = (octets[start] ?? 0) | 32;
  const last = (octets[end - 1] ?? 0) | 32;
  return ((end - start) * 37 + first * 11 + last * 3) & (SLOTS - 1);
}

/** The id of the header whose name stands from `start` to `end`, in any case, long or compact; OTHER_HEADER when it is none of ours. */
export function recogniseHeader(octets: Uint8Array, start: number, end: number): number {
  let slot = slotOf(octets, start, end);
  for (;;) {
    const id = SLOT_IDS[slot] ?? EMPTY;
    if (id === EMPTY) return OTHER_HEADER;
    if (SLOT_LENGTHS[slot] === end - start && isSameName(octets, start, end, slot * NAME_ROOM)) return id;
    slot = (slot + 1) & (SLOTS - 1);
  }
}

function isSameName(octets: Uint8Array, start: number, end: number, nameStart: number): boolean {
  const shift = nameStart - start;
  for (let at = start; at < end; at++) if (toLower(octets[at] ?? 0) !== SLOT_NAMES[at + shift]) return false;
  return true;
}

/** As it is written in a message: `call-id` becomes Call-ID. */
export function headerTitle(id: number): string {
  const name = HEADER_NAMES[id] ?? '';
  if (name === 'call-id') return 'Call-ID';
  if (name === 'cseq') return 'CSeq';
  return name
    .split('-')
    .map((word) => word.charAt(0).toUpperCase() + word.substring(1))
    .join('-');
}
