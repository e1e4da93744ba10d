import type { AorKey } from './aor-key.ts';
import type { BlockReader } from './block-reader.ts';
import type { BlockWriter } from './block-writer.ts';
import { textBytes } from './block-writer.ts';
import { readVersion, writeVersion } from './record-codec.ts';
import type { Floor } from './record.ts';

/*
 * The block of an AoR:
 *
 *   u32 octets in use, u16 records, u16 live, u16 dead, u8 whether there is a floor, text AoR,
 *   [floor: version, u32 CSeq, text Call-ID], the records
 */

const LENGTH_AT = 0;
const RECORDS_AT = 4;
const TALLY_AT = 6;
const FIXED_BYTES = 11;
const FLOOR_FIXED_BYTES = 14 + 4;

/** More records than any AoR can have: the registrar's limit is below half of it, and a merge at most adds the twin's. */
export const RECORDS_MAX = 0xffff;

/** What the gauges count of an AoR, as it was when it was last looked at. */
export interface Tally {
  /** Bindings that the view shows. */
  readonly live: number;
  /** Records that are removed, expired or below the floor. */
  readonly dead: number;
}

export function headBytes(aor: string, floor: Floor | undefined): number {
  return FIXED_BYTES + textBytes(aor) + (floor === undefined ? 0 : FLOOR_FIXED_BYTES + textBytes(floor.callId));
}

export function writeHead(
  writer: BlockWriter,
  aor: string,
  floor: Floor | undefined,
  length: number,
  records: number,
): void {
  writer.u32(length);
  writer.u16(records);
  writer.u32(0);
  writer.u8(floor === undefined ? 0 : 1);
  writer.text(aor);
  if (floor === undefined) return;
  writeVersion(writer, floor.version);
  writer.u32(floor.cseq);
  writer.text(floor.callId);
}

/** What stands before the records; the reader is then at the first of them. */
export interface Head {
  readonly aor: string;
  readonly floor: Floor | undefined;
  readonly recordCount: number;
}

export function readHead(reader: BlockReader): Head {
  reader.at = RECORDS_AT;
  const recordCount = reader.u16();
  reader.at = FIXED_BYTES - 1;
  const hasFloor = reader.u8() === 1;
  const aor = reader.text();
  return { aor, floor: hasFloor ? readFloor(reader) : undefined, recordCount };
}

function readFloor(reader: BlockReader): Floor {
  const version = readVersion(reader);
  const cseq = reader.u32();
  return { version, callId: reader.text(), cseq };
}

export function lengthOf(bytes: Buffer, base: number): number {
  return bytes.readUInt32BE(base + LENGTH_AT);
}

export function readTally(bytes: Buffer, base: number): Tally {
  return { live: bytes.readUInt16BE(base + TALLY_AT), dead: bytes.readUInt16BE(base + TALLY_AT + 2) };
}

export function writeTally(bytes: Buffer, base: number, tally: Tally): void {
  bytes.writeUInt16BE(tally.live, base + TALLY_AT);
  bytes.writeUInt16BE(tally.dead, base + TALLY_AT + 2);
}

/** Whether the block is this AoR's. */
export function isBlockOf(bytes: Buffer, base: number, aor: AorKey): boolean {
  let at = base + FIXED_BYTES;
  let rest = aor.length;
  for (; rest >= 0x80; rest >>>= 7) {
    if (bytes[at++] !== ((rest & 0x7f) | 0x80)) return false;
  }
  return bytes[at++] === rest && aor.equals(bytes, at);
}
