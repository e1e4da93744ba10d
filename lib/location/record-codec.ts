import type { BlockReader } from './block-reader.ts';
import type { BlockWriter } from './block-writer.ts';
import { textBytes, varintBytes } from './block-writer.ts';
import type { Profile } from './profiles.ts';
import type { Binding, LocationRecord } from './record.ts';
import { PERMANENT } from './record.ts';
import type { Version } from './version.ts';

/*
 * A record in its AoR's block:
 *
 *   u8 form, u8 marks, u32 record id, version (u48 ms, u16 counter, u16 node id, u32 incarnation), u32 CSeq, u48 expiry,
 *   [put: u16 q + 1, u32 profile], text Contact, text Call-ID, [received] [Path] [instance] [attr] [key]
 *
 * What is empty is left out, and so is the key where it is the Contact itself. Otherwise the key is written as how much
 * of the Contact it begins with and the rest, without the Call-ID that ends it in matching_mode 1.
 */

const KIND = 0x03;
const KINDS = ['put', 'removed', 'judged'] as const;
const STICKY = 0x04;
const HAS_KEY = 0x08;
const HAS_RECEIVED = 0x10;
const HAS_PATH = 0x20;
const HAS_INSTANCE = 0x40;
const HAS_ATTR = 0x80;

/** The expiry of this put was counted and told, or was past when the put came. */
export const EXPIRY_TOLD = 0x01;
/** The record stands in the present note of the dead. Whatever rewrites it takes it out. */
export const NOTED = 0x02;
/** A newer record of the same contact stands under another key. */
export const HIDDEN = 0x04;
const KEY_ENDS_WITH_CALL_ID = 0x80;
const MARKS = EXPIRY_TOLD | NOTED | HIDDEN;

const PERMANENT_U48 = 0xffff_ffff_ffff;
const VERSION_BYTES = 14;
const FIXED_BYTES = 1 + 1 + 4 + VERSION_BYTES + 4 + 6;
const PUT_BYTES = 2 + 4;

/** Where things are from the start of a record, for those who need only them. */
const MARKS_AT = 1;
export const ID_AT = 2;
const PROFILE_AT = FIXED_BYTES + 2;

/** How many octets `writeRecord` takes. */
export function recordBytes(record: LocationRecord): number {
  const bytes = FIXED_BYTES + textBytes(record.contactUri) + textBytes(record.callId) + keyBytes(record);
  return record.kind === 'put' ? bytes + PUT_BYTES + bindingBytes(record.binding) : bytes;
}

export function writeRecord(
  writer: BlockWriter,
  record: LocationRecord,
  id: number,
  profile: number,
  marks: number,
): void {
  writer.u8(formOf(record));
  writer.u8(marks | (record.key !== record.contactUri && endsWithCallId(record) ? KEY_ENDS_WITH_CALL_ID : 0));
  writer.u32(id);
  writeVersion(writer, record.version);
  writer.u32(record.cseq);
  writer.u48(record.expiresAtMs === PERMANENT ? PERMANENT_U48 : record.expiresAtMs);
  if (record.kind === 'put') {
    writer.u16(record.binding.q + 1);
    writer.u32(profile);
  }
  writer.text(record.contactUri);
  writer.text(record.callId);
  if (record.kind === 'put') writeBinding(writer, record.binding);
  if (record.key !== record.contactUri) writeKey(writer, record);
}

export function readRecord(reader: BlockReader, profileOf: (index: number) => Profile): LocationRecord {
  const form = reader.u8();
  const marks = reader.u8();
  reader.at += 4;
  const version = readVersion(reader);
  const cseq = reader.u32();
  const expires = reader.u48();
  const expiresAtMs = expires === PERMANENT_U48 ? PERMANENT : expires;
  const kind = kindOf(form);
  const q = kind === 'put' ? reader.u16() - 1 : 0;
  const profile = kind === 'put' ? reader.u32() : 0;
  const contactUri = reader.text();
  const callId = reader.text();
  const binding = kind === 'put' ? readBinding(reader, form, q, profileOf(profile)) : undefined;
  const key = (form & HAS_KEY) === 0 ? contactUri : readKey(reader, marks, contactUri, callId);
  const sticky = (form & STICKY) !== 0;
  if (binding !== undefined)
    return { kind: 'put', key, version, sticky, contactUri, callId, cseq, expiresAtMs, binding };
  return { kind: kind === 'judged' ? kind : 'removed', key, version, sticky, contactUri, callId, cseq, expiresAtMs };
}

/** Moves on behind the record. */
export function skipRecord(reader: BlockReader): void {
  const form = reader.u8();
  reader.at += FIXED_BYTES - 1 + (kindOf(form) === 'put' ? PUT_BYTES : 0);
  reader.skipText();
  reader.skipText();
  for (let part = HAS_RECEIVED; part <= HAS_ATTR; part <<= 1) {
    if ((form & part) !== 0) reader.skipText();
  }
  if ((form & HAS_KEY) === 0) return;
  reader.varint();
  reader.skipText();
}

export function marksOf(bytes: Buffer, recordAt: number): number {
  return (bytes[recordAt + MARKS_AT] ?? 0) & MARKS;
}

export function addMarks(bytes: Buffer, recordAt: number, marks: number): void {
  bytes[recordAt + MARKS_AT] = (bytes[recordAt + MARKS_AT] ?? 0) | marks;
}

/** The profile's index of a put record. */
export function profileIndexOf(bytes: Buffer, recordAt: number): number {
  return bytes.readUInt32BE(recordAt + PROFILE_AT);
}

export function writeVersion(writer: BlockWriter, version: Version): void {
  writer.u48(version.ms);
  writer.u16(version.counter);
  writer.u16(version.nodeId);
  writer.u32(version.incarnation);
}

export function readVersion(reader: BlockReader): Version {
  const ms = reader.u48();
  const counter = reader.u16();
  const nodeId = reader.u16();
  return { ms, counter, nodeId, incarnation: reader.u32() };
}

function formOf(record: LocationRecord): number {
  const form =
    KINDS.indexOf(record.kind) | (record.sticky ? STICKY : 0) | (record.key === record.contactUri ? 0 : HAS_KEY);
  if (record.kind !== 'put') return form;
  const { received, path, instance, attr } = record.binding;
  return (
    form |
    (received === '' ? 0 : HAS_RECEIVED) |
    (path === '' ? 0 : HAS_PATH) |
    (instance === '' ? 0 : HAS_INSTANCE) |
    (attr === '' ? 0 : HAS_ATTR)
  );
}

function kindOf(form: number): LocationRecord['kind'] {
  return KINDS[form & KIND] ?? 'removed';
}

function bindingBytes({ received, path, instance, attr }: Binding): number {
  return optionalBytes(received) + optionalBytes(path) + optionalBytes(instance) + optionalBytes(attr);
}

function optionalBytes(value: string): number {
  return value === '' ? 0 : textBytes(value);
}

function writeBinding(writer: BlockWriter, { received, path, instance, attr }: Binding): void {
  if (received !== '') writer.text(received);
  if (path !== '') writer.text(path);
  if (instance !== '') writer.text(instance);
  if (attr !== '') writer.text(attr);
}

function readBinding(reader: BlockReader, form: number, q: number, profile: Profile): Binding {
  const received = (form & HAS_RECEIVED) === 0 ? '' : reader.text();
  const path = (form & HAS_PATH) === 0 ? '' : reader.text();
  const instance = (form & HAS_INSTANCE) === 0 ? '' : reader.text();
  const attr = (form & HAS_ATTR) === 0 ? '' : reader.text();
  const { userAgent, socket, methods, flags, cflags } = profile;
  return { q, received, path, instance, userAgent, socket, methods, flags, cflags, attr };
}

function endsWithCallId({ key, callId }: LocationRecord): boolean {
  return callId !== '' && key.endsWith(callId);
}

function keyBytes(record: LocationRecord): number {
  if (record.key === record.contactUri) return 0;
  const end = keyEnd(record);
  const shared = sharedPrefix(record.key, record.contactUri, end);
  return varintBytes(shared) + varintBytes(end - shared) + end - shared;
}

function writeKey(writer: BlockWriter, record: LocationRecord): void {
  const end = keyEnd(record);
  const shared = sharedPrefix(record.key, record.contactUri, end);
  writer.varint(shared);
  writer.text(record.key.slice(shared, end));
}

function readKey(reader: BlockReader, marks: number, contactUri: string, callId: string): string {
  const shared = reader.varint();
  const key = contactUri.slice(0, shared) + reader.text();
  return (marks & KEY_ENDS_WITH_CALL_ID) === 0 ? key : key + callId;
}

/** Where the part of the key ends that is written. */
function keyEnd(record: LocationRecord): number {
  return endsWithCallId(record) ? record.key.length - record.callId.length : record.key.length;
}

function sharedPrefix(key: string, contactUri: string, end: number): number {
  const limit = Math.min(end, contactUri.length);
  let length = 0;
  while (length < limit && key.charCodeAt(length) === contactUri.charCodeAt(length)) length++;
  return length;
}
