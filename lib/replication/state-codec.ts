import { HORIZON_MS } from '../location/horizon.ts';
import type { AorState, Binding, Floor, LocationRecord } from '../location/record.ts';
import { PERMANENT, RECORD_OCTETS_MAX } from '../location/record.ts';
import type { Version } from '../location/version.ts';
import { VERSION_MS_MAX } from '../location/version.ts';
import { ProtocolError } from './protocol-error.ts';
import type { WireReader } from './wire-reader.ts';
import type { WireWriter } from './wire-writer.ts';

/*
 * What one node tells another of an AoR: all or some of its records, and its floor if that is told.
 *
 *   state    text AoR, u8 1 with a floor else 0, [floor], u16 records, the records
 *   floor    version, u32 CSeq, text Call-ID
 *   version  u48 ms, u16 counter, u16 node id, u32 incarnation
 *   record   u8 form, version, u32 CSeq, u48 expires, text contact, text Call-ID, [text key], [binding]
 *   form     bits 0-1: 0 put, 1 removed, 2 judged; bit 2: was ever permanent; bit 3: the key differs from the contact
 *   expires  cluster time in milliseconds; 2^48-1 = permanent
 *   binding  (of a put) u16 q + 1, u32 methods, u32 flags, texts received, Path, instance, User-Agent, socket, cflags, attr
 */

const KINDS = ['put', 'removed', 'judged'] as const;
const KIND_MASK = 0x03;
const STICKY = 0x04;
const OWN_KEY = 0x08;
const FORM_MAX = 0x0f;
const EXPIRES_PERMANENT = 0xffff_ffff_ffff;
const Q_FIELD_MAX = 1001;

/**
 * Writes records, from `from` on, and the floor if there is one, as a state of the AoR: all, or as many as it takes until
 * `bytesMax` octets are written, but at least one.
 *
 * @returns where to go on; the number of records when all are written
 */
export function writeState(out: WireWriter, state: AorState, from = 0, bytesMax = Infinity): number {
  const { aor, floor, records } = state;
  out.text(aor);
  out.u8(floor === undefined ? 0 : 1);
  if (floor !== undefined) {
    writeVersion(out, floor.version);
    out.u32(floor.cseq);
    out.text(floor.callId);
  }
  const countAt = out.length;
  out.u16(0);
  let at = from;
  while (at < records.length && (at === from || out.length < bytesMax)) writeRecord(out, records[at++]);
  out.patchU16(countAt, at - from);
  return at;
}

function writeVersion(out: WireWriter, { ms, counter, nodeId, incarnation }: Version): void {
  out.u48(ms);
  out.u16(counter);
  out.u16(nodeId);
  out.u32(incarnation);
}

function writeRecord(out: WireWriter, record: LocationRecord | undefined): void {
  if (record === undefined) return;
  const ownKey = record.key !== record.contactUri;
  out.u8(KINDS.indexOf(record.kind) | (record.sticky ? STICKY : 0) | (ownKey ? OWN_KEY : 0));
  writeVersion(out, record.version);
  out.u32(record.cseq);
  out.u48(record.expiresAtMs === PERMANENT ? EXPIRES_PERMANENT : record.expiresAtMs);
  out.text(record.contactUri);
  out.text(record.callId);
  if (ownKey) out.text(record.key);
  if (record.kind === 'put') writeBinding(out, record.binding);
}

function writeBinding(out: WireWriter, binding: Binding): void {
  out.u16(binding.q + 1);
  out.u32(binding.methods);
  out.u32(binding.flags);
  out.text(binding.received);
  out.text(binding.path);
  out.text(binding.instance);
  out.text(binding.userAgent);
  out.text(binding.socket);
  out.text(binding.cflags);
  out.text(binding.attr);
}

/** Reads one state. Throws a ProtocolError for what no table can hold: merging it would break what the table relies on. */
export function readState(reader: WireReader): AorState {
  const aor = reader.text();
  if (aor === '') throw invalid('an AoR without a name');
  const floor = reader.flag() ? readFloor(reader) : undefined;
  const count = reader.u16();
  const records: LocationRecord[] = [];
  const keys = count > 1 ? new Set<string>() : undefined;
  for (let index = 0; index < count; index++) {
    const record = readRecord(reader);
    keys?.add(record.key);
    records.push(record);
  }
  if (keys !== undefined && keys.size < count) throw invalid(`two records of ${aor} with one key`);
  return { aor, floor, records };
}

function readFloor(reader: WireReader): Floor {
  const version = readVersion(reader);
  const cseq = reader.u32();
  return { version, callId: reader.text(), cseq };
}

function readVersion(reader: WireReader): Version {
  const ms = reader.u48();
  const counter = reader.u16();
  const nodeId = reader.u16();
  const incarnation = reader.u32();
  if (ms === 0 || nodeId === 0) throw invalid('a version without a time or a node');
  if (ms > VERSION_MS_MAX) throw invalid('a version from the end of time');
  return { ms, counter, nodeId, incarnation };
}

/** Property order is that of the packed store's decoder, so that all records have one shape. */
function readRecord(reader: WireReader): LocationRecord {
  const leftBefore = reader.left;
  const form = reader.u8();
  const kind = form > FORM_MAX ? undefined : KINDS[form & KIND_MASK];
  if (kind === undefined) throw invalid(`a record of the unknown form ${form}`);
  const version = readVersion(reader);
  const sticky = (form & STICKY) !== 0;
  const cseq = reader.u32();
  const expires = reader.u48();
  const expiresAtMs = expires === EXPIRES_PERMANENT ? PERMANENT : expires;
  checkLifetime(version, expiresAtMs, sticky);
  const contactUri = reader.text();
  const callId = reader.text();
  const key = (form & OWN_KEY) === 0 ? contactUri : reader.text();
  const binding = kind === 'put' ? readBinding(reader) : undefined;
  // No table takes more in one record, and none could hand it on.
  if (leftBefore - reader.left > RECORD_OCTETS_MAX) throw invalid(`a record of more than ${RECORD_OCTETS_MAX} octets`);
  if (binding !== undefined)
    return { kind: 'put', key, version, sticky, contactUri, callId, cseq, expiresAtMs, binding };
  return { kind: kind === 'put' ? 'removed' : kind, key, version, sticky, contactUri, callId, cseq, expiresAtMs };
}

/** What lives longer than H, or is permanent and does not say so, would come back after it was forgotten. */
function checkLifetime(version: Version, expiresAtMs: number, sticky: boolean): void {
  if (expiresAtMs === PERMANENT ? !sticky : expiresAtMs > version.ms + HORIZON_MS)
    throw invalid('a binding that lives longer than any may');
}

function readBinding(reader: WireReader): Binding {
  const qField = reader.u16();
  if (qField > Q_FIELD_MAX) throw invalid(`q ${qField - 1}`);
  const methods = reader.u32();
  const flags = reader.u32();
  const received = reader.text();
  const path = reader.text();
  const instance = reader.text();
  const userAgent = reader.text();
  const socket = reader.text();
  const cflags = reader.text();
  const attr = reader.text();
  return { q: qField - 1, received, path, instance, userAgent, socket, methods, flags, cflags, attr };
}

function invalid(what: string): ProtocolError {
  return new ProtocolError('record-invalid', what);
}
