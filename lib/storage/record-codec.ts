import { PERMANENT } from '../location/record.ts';
import type { Binding, Floor, LocationRecord } from '../location/record.ts';
import type { Version } from '../location/version.ts';
import { MalformedBytes } from './byte-reader.ts';
import type { ByteReader } from './byte-reader.ts';
import { textRoom } from './byte-writer.ts';
import type { ByteWriter } from './byte-writer.ts';

/*
 * How a record looks in the journal and between the threads. Little endian; a text is its length (one octet, or 255 and
 * four) and its octets.
 *
 *   entry   id 4 | flags 1 | version: ms 6, counter 2, node 2, incarnation 4 | expires ms 6 | cseq 4 | [Call-ID text]
 *   record  entry with Call-ID | AoR | contact | [key, unless it equals the contact] | [binding, if put]
 *   binding received | path | instance | attr, and after it the profile: its number (from disk) or itself (to disk)
 *   profile q+1 2 | methods 4 | flags 4 | User-Agent | socket | cflags
 *
 * An entry without a Call-ID says that the Call-ID is the one of the entry before it, or of the row: most refreshes keep
 * theirs, and it is half of an entry's size.
 */

export const KIND_PUT = 0;
const KIND_REMOVED = 1;
export const KIND_JUDGED = 2;
export const EXPIRES_PERMANENT = 0xffff_ffff_ffff;

/** Octets of an entry in front of its Call-ID. */
const ENTRY_FIXED_BYTES = 29;
const KIND_MASK = 3;
const STICKY = 4;
export const HAS_CALL_ID = 8;
const HAS_KEY = 16;
/** In a record from disk: the journal, not the row, had the last word, so the row is behind. */
const FROM_JOURNAL = 32;

/** The part of a record that every refresh changes. */
export interface Entry {
  recordId: number;
  kind: number;
  sticky: boolean;
  ms: number;
  counter: number;
  nodeId: number;
  incarnation: number;
  expiresMs: number;
  cseq: number;
  flags: number;
}

/** Profiles are what many bindings share; on disk they are rows of their own. */
export type Profile = Pick<Binding, 'q' | 'methods' | 'flags' | 'userAgent' | 'socket' | 'cflags'>;

export interface RestoredRecord {
  readonly recordId: number;
  readonly aor: string;
  readonly record: LocationRecord;
  readonly fromJournal: boolean;
}

export function entryRoom(record: LocationRecord): number {
  return ENTRY_FIXED_BYTES + textRoom(record.callId.length);
}

export function recordRoom(aor: string, record: LocationRecord): number {
  const fixed =
    entryRoom(record) + textRoom(aor.length) + textRoom(record.contactUri.length) + textRoom(record.key.length);
  return record.kind === 'put' ? fixed + bindingRoom(record.binding) : fixed;
}

export function writeEntry(out: ByteWriter, recordId: number, record: LocationRecord, withCallId: boolean): void {
  writeHead(out, recordId, record, withCallId ? HAS_CALL_ID : 0);
  if (withCallId) out.text(record.callId);
}

export function writeRecord(out: ByteWriter, recordId: number, aor: string, record: LocationRecord): void {
  const ownKey = record.key !== record.contactUri;
  writeHead(out, recordId, record, HAS_CALL_ID | (ownKey ? HAS_KEY : 0));
  out.text(record.callId);
  out.text(aor);
  out.text(record.contactUri);
  if (ownKey) out.text(record.key);
  if (record.kind !== 'put') return;
  const binding = record.binding;
  out.text(binding.received);
  out.text(binding.path);
  out.text(binding.instance);
  out.text(binding.attr);
  writeProfile(out, binding);
}

function writeHead(out: ByteWriter, recordId: number, record: LocationRecord, has: number): void {
  out.u32(recordId);
  out.u8(kindOf(record) | (record.sticky ? STICKY : 0) | has);
  writeVersion(out, record.version);
  out.u48(record.expiresAtMs === PERMANENT ? EXPIRES_PERMANENT : record.expiresAtMs);
  out.u32(record.cseq);
}

function writeVersion(out: ByteWriter, version: Version): void {
  out.u48(version.ms);
  out.u16(version.counter);
  out.u16(version.nodeId);
  out.u32(version.incarnation);
}

export function readVersion(reader: ByteReader): Version {
  return { ms: reader.u48(), counter: reader.u16(), nodeId: reader.u16(), incarnation: reader.u32() };
}

function writeProfile(out: ByteWriter, binding: Binding): void {
  out.u16(binding.q + 1);
  out.u32(binding.methods);
  out.u32(binding.flags);
  out.text(binding.userAgent);
  out.text(binding.socket);
  out.text(binding.cflags);
}

export function floorRoom(aor: string, floor: Floor): number {
  return textRoom(aor.length) + 14 + 4 + textRoom(floor.callId.length);
}

export function writeFloor(out: ByteWriter, aor: string, floor: Floor): void {
  out.text(aor);
  writeVersion(out, floor.version);
  out.u32(floor.cseq);
  out.text(floor.callId);
}

export function readFloor(reader: ByteReader): { readonly aor: string; readonly floor: Floor } {
  const aor = reader.text();
  const version = readVersion(reader);
  const cseq = reader.u32();
  return { aor, floor: { version, cseq, callId: reader.text() } };
}

export function emptyEntry(): Entry {
  return {
    recordId: 0,
    kind: KIND_PUT,
    sticky: false,
    ms: 0,
    counter: 0,
    nodeId: 0,
    incarnation: 0,
    expiresMs: 0,
    cseq: 0,
    flags: 0,
  };
}

/** Reads an entry up to its Call-ID into `entry`, which the caller uses again for the next. */
export function readEntry(reader: ByteReader, entry: Entry): void {
  entry.recordId = reader.u32();
  const flags = reader.u8();
  entry.flags = flags;
  entry.kind = flags & KIND_MASK;
  entry.sticky = (flags & STICKY) !== 0;
  entry.ms = reader.u48();
  entry.counter = reader.u16();
  entry.nodeId = reader.u16();
  entry.incarnation = reader.u32();
  entry.expiresMs = reader.u48();
  entry.cseq = reader.u32();
  if (entry.kind > KIND_JUDGED) throw new MalformedBytes(`record ${entry.recordId} has the unknown kind ${entry.kind}`);
}

/** The flags octet of an entry that is written from a row. */
export function entryFlags(kind: number, sticky: boolean, hasKey: boolean, fromJournal: boolean): number {
  return kind | (sticky ? STICKY : 0) | HAS_CALL_ID | (hasKey ? HAS_KEY : 0) | (fromJournal ? FROM_JOURNAL : 0);
}

export function hasKey(entry: Entry): boolean {
  return (entry.flags & HAS_KEY) !== 0;
}

/** A record as the loader sends it: its binding names the profile by number. */
export function readRestored(reader: ByteReader, entry: Entry, profiles: ReadonlyMap<number, Profile>): RestoredRecord {
  readEntry(reader, entry);
  const callId = reader.text();
  const aor = reader.text();
  const contactUri = reader.text();
  const key = hasKey(entry) ? reader.text() : contactUri;
  const version: Version = {
    ms: entry.ms,
    counter: entry.counter,
    nodeId: entry.nodeId,
    incarnation: entry.incarnation,
  };
  const expiresAtMs = entry.expiresMs === EXPIRES_PERMANENT ? PERMANENT : entry.expiresMs;
  const { sticky, cseq, recordId } = entry;
  const fromJournal = (entry.flags & FROM_JOURNAL) !== 0;
  const base = { key, version, sticky, contactUri, callId, cseq, expiresAtMs };
  if (entry.kind === KIND_PUT) {
    const binding = readBinding(reader, profiles);
    return { recordId, aor, record: { kind: 'put', ...base, binding }, fromJournal };
  }
  const kind = entry.kind === KIND_REMOVED ? 'removed' : 'judged';
  return { recordId, aor, record: { kind, ...base }, fromJournal };
}

function readBinding(reader: ByteReader, profiles: ReadonlyMap<number, Profile>): Binding {
  const received = reader.text();
  const path = reader.text();
  const instance = reader.text();
  const attr = reader.text();
  const number = reader.u32();
  const profile = profiles.get(number);
  if (profile === undefined) throw new MalformedBytes(`no profile ${number}`);
  const { q, methods, flags, userAgent, socket, cflags } = profile;
  return { q, received, path, instance, userAgent, socket, methods, flags, cflags, attr };
}

export function readProfile(reader: ByteReader): Profile {
  return {
    q: reader.u16() - 1,
    methods: reader.u32(),
    flags: reader.u32(),
    userAgent: reader.text(),
    socket: reader.text(),
    cflags: reader.text(),
  };
}

function kindOf(record: LocationRecord): number {
  return record.kind === 'put' ? KIND_PUT : record.kind === 'removed' ? KIND_REMOVED : KIND_JUDGED;
}

function bindingRoom(binding: Binding): number {
  return (
    textRoom(binding.received.length) +
    textRoom(binding.path.length) +
    textRoom(binding.instance.length) +
    textRoom(binding.attr.length) +
    textRoom(binding.userAgent.length) +
    textRoom(binding.socket.length) +
    textRoom(binding.cflags.length) +
    10
  );
}
