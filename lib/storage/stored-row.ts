import { HORIZON_MS } from '../location/horizon.ts';
import { RECORD_OCTETS_MAX } from '../location/record.ts';
import { VERSION_MS_MAX } from '../location/version.ts';
import { KIND_JUDGED, KIND_PUT } from './record-codec.ts';
import type { SqlText } from './sql-text.ts';
import { octetsOf } from './sql-text.ts';
import { RECORD_ID_MAX } from './storage-limits.ts';

const U16_MAX = 0xffff;
const U32_MAX = 0xffff_ffff;
const U48_MAX = 0xffff_ffff_ffff;

export const STORED_ROW_SQL = `SELECT c.id, c.username, c.domain, c.contact, c.key, c.received, c.path, c.instance, c.attr, c.prof,
    h.kind, h.sticky, h.expires_ms, h.cseq, h.v_ms, h.v_counter, h.v_node, h.v_incarnation, h.callid
  FROM cold c LEFT JOIN hot h ON h.id = c.id WHERE c.id > ? ORDER BY c.id LIMIT ?`;

/** A row as SQLite gives it: anybody may have written anything into it with a shell. */
export type RawRow = readonly unknown[];

/** The part that a refresh leaves as it is. */
export interface ColdRow {
  readonly recordId: number;
  readonly username: SqlText;
  readonly domain: SqlText;
  readonly contact: SqlText;
  readonly key: SqlText | undefined;
  readonly received: SqlText;
  readonly path: SqlText;
  readonly instance: SqlText;
  readonly attr: SqlText;
  readonly profile: number | undefined;
}

export interface HotRow {
  readonly kind: number;
  readonly sticky: boolean;
  /** Undefined: permanent. */
  readonly expiresMs: number | undefined;
  readonly cseq: number;
  readonly ms: number;
  readonly counter: number;
  readonly nodeId: number;
  readonly incarnation: number;
  readonly callId: SqlText;
}

/** A column that does not hold what it should. */
export class BadColumn extends Error {
  override readonly name = 'BadColumn';
}

/** Whether the id is one that a record can have. */
export function isRecordId(id: unknown): id is number {
  return typeof id === 'number' && Number.isInteger(id) && id >= 0 && id <= RECORD_ID_MAX;
}

/** Throws BadColumn. */
export function readColdRow(row: RawRow): ColdRow {
  const [id, username, domain, contact, key, received, path, instance, attr, profile] = row;
  if (!isRecordId(id)) throw new BadColumn(`id is not 0..${RECORD_ID_MAX}`);
  checkLength([username, domain, contact, key, received, path, instance, attr]);
  return {
    recordId: id,
    username: text('username', username),
    domain: text('domain', domain),
    contact: line('contact', contact),
    key: key === null ? undefined : text('key', key),
    received: received === null ? '' : line('received', received),
    path: path === null ? '' : line('path', path),
    instance: instance === null ? '' : line('instance', instance),
    attr: attr === null ? '' : text('attr', attr),
    profile: profile === null ? undefined : whole('prof', profile, Number.MAX_SAFE_INTEGER),
  };
}

/** What the phone's own texts may take, so that with its profile and Call-ID the record can be told to the other node. */
const ROW_OCTETS_MAX = RECORD_OCTETS_MAX - 5000;

function checkLength(cells: readonly unknown[]): void {
  const octets = cells.reduce<number>((sum, cell) => sum + lengthOf(cell), 0);
  if (octets > ROW_OCTETS_MAX) throw new BadColumn(`its texts take ${octets} octets, more than ${ROW_OCTETS_MAX}`);
}

function lengthOf(cell: unknown): number {
  return typeof cell === 'string' || Buffer.isBuffer(cell) ? octetsOf(cell) : 0;
}

/** Throws BadColumn, also when there is no such row. */
export function readHotRow(row: RawRow): HotRow {
  const [kind, sticky, expiresMs, cseq, ms, counter, nodeId, incarnation, callId] = row.slice(10);
  if (kind === null) throw new BadColumn('the table hot has no row for it');
  const writtenMs = whole('v_ms', ms, VERSION_MS_MAX, 1);
  const isPermanent = expiresMs === null;
  return {
    kind: whole('kind', kind, KIND_JUDGED),
    // What was permanent says so, and nothing else outlives H: the other node would not take it.
    sticky: whole('sticky', sticky, 1) === 1 || isPermanent,
    expiresMs: isPermanent ? undefined : Math.min(whole('expires_ms', expiresMs, U48_MAX - 1), writtenMs + HORIZON_MS),
    cseq: whole('cseq', cseq, U32_MAX),
    ms: writtenMs,
    counter: whole('v_counter', counter, U16_MAX),
    nodeId: whole('v_node', nodeId, U16_MAX, 1),
    incarnation: whole('v_incarnation', incarnation, U32_MAX),
    callId: line('callid', callId),
  };
}

/** A put record must say what it shares with others; a removed one must not. */
export function checkProfile(kind: number, profile: number | undefined, known: ReadonlySet<number>): void {
  if (kind === KIND_PUT && (profile === undefined || !known.has(profile)))
    throw new BadColumn(`prof is ${profile ?? 'NULL'}, which is no row of the table prof`);
}

/** For a message: what the row is about. */
export function describeRow(row: RawRow): string {
  const [id, username, domain, contact] = row;
  return `id ${printed(id)} (${printed(username)}@${printed(domain)}, ${printed(contact)})`;
}

export function text(column: string, value: unknown): SqlText {
  if (typeof value === 'string' || Buffer.isBuffer(value)) return value;
  throw new BadColumn(`${column} is not a text`);
}

export function whole(column: string, value: unknown, most: number, least = 0): number {
  if (typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most) return value;
  throw new BadColumn(`${column} is ${printed(value)}, not a number from ${least} to ${most}`);
}

/** A text that goes into replies: with a line end in it, it would begin a header of its own there. */
function line(column: string, value: unknown): SqlText {
  const found = text(column, value);
  const octets = typeof found === 'string' ? found : Buffer.from(found).toString('latin1');
  if (octets.includes('\r') || octets.includes('\n')) throw new BadColumn(`${column} has a line end`);
  return found;
}

function printed(value: unknown): string {
  return Buffer.isBuffer(value) ? value.toString('latin1').slice(0, 80) : String(value).slice(0, 80);
}
