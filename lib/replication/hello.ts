import { FRAME } from './frame-type.ts';
import { checkedRoleTime, frame } from './frames.ts';
import { ProtocolError } from './protocol-error.ts';
import type { SipListener } from './sip-listeners.ts';
import type { WireReader } from './wire-reader.ts';
import type { WireWriter } from './wire-writer.ts';
import { HELLO_LISTENERS_MAX, PROTOCOL_VERSION } from './limits.ts';

/** What decides keys and views: two nodes that differ in it would not mean the same by one record. */
export interface KeyRules {
  readonly matchingMode: 0 | 1;
  readonly useDomain: boolean;
  readonly caseSensitive: boolean;
  readonly realmPrefix: string;
  /** 0 = no limit. The one that may differ: nodes with different limits show different views, and the smaller counts. */
  readonly maxContacts: number;
}

/** What the sender holds of the receiver's log since the last connection; undefined: nothing to go on from. */
export interface HeldLog {
  readonly incarnation: number;
  readonly position: number;
}

/** The first frame of each end: who is there. */
export interface Hello {
  readonly versionLeast: number;
  readonly versionMost: number;
  readonly clusterId: number;
  readonly nodeId: number;
  readonly incarnation: number;
  /** Cluster time when it was sent. */
  readonly clockMs: number;
  /** 16 random octets, so that no proof can be used a second time. */
  readonly nonce: Buffer;
  readonly horizonS: number;
  /** Has issued no stamp and agreed on no clock since its start. */
  readonly clean: boolean;
  readonly synced: boolean;
  readonly usesSecret: boolean;
  readonly roleTakenAtMs: number | undefined;
  readonly keyRules: KeyRules;
  readonly holds: HeldLog | undefined;
  /** Where it serves SIP; empty: it does not say. */
  readonly listeners: readonly SipListener[];
}

const MAGIC = 0x5457_4e52; // TWNR
const NONCE_BYTES = 16;
const CLEAN = 1;
const SYNCED = 2;
const HAS_ROLE = 4;
const USES_SECRET = 8;
const HOLDS_LOG = 16;
const USE_DOMAIN = 1;
const CASE_SENSITIVE = 2;

export function helloFrame(hello: Hello): Buffer {
  const { keyRules, holds, roleTakenAtMs } = hello;
  return frame(FRAME.hello, (out) => {
    out.u32(MAGIC);
    out.u8(hello.versionLeast);
    out.u8(hello.versionMost);
    out.u32(hello.clusterId);
    out.u16(hello.nodeId);
    out.u32(hello.incarnation);
    out.u48(hello.clockMs);
    out.octets(hello.nonce);
    out.u32(hello.horizonS);
    out.u8(flagsOf(hello));
    out.u48(roleTakenAtMs ?? 0);
    out.u8(keyRules.matchingMode);
    out.u8((keyRules.useDomain ? USE_DOMAIN : 0) | (keyRules.caseSensitive ? CASE_SENSITIVE : 0));
    out.u32(keyRules.maxContacts);
    out.text(keyRules.realmPrefix);
    out.u32(holds?.incarnation ?? 0);
    out.u48(holds?.position ?? 0);
    writeListeners(hello.listeners, out);
  });
}

/** Too many are none, so that the frame keeps within its bound: they are not compared then. */
function writeListeners(listeners: readonly SipListener[], out: WireWriter): void {
  const named = listeners.length > HELLO_LISTENERS_MAX ? [] : listeners;
  out.u8(named.length);
  for (const { transport, address, port } of named) {
    out.text(transport);
    out.text(address);
    out.u16(port);
  }
}

function flagsOf({ clean, synced, usesSecret, roleTakenAtMs, holds }: Hello): number {
  return (
    (clean ? CLEAN : 0) |
    (synced ? SYNCED : 0) |
    (roleTakenAtMs === undefined ? 0 : HAS_ROLE) |
    (usesSecret ? USES_SECRET : 0) |
    (holds === undefined ? 0 : HOLDS_LOG)
  );
}

/** The part of a hello that every version has, and that says whether the rest can be read. */
export interface HelloVersions {
  readonly versionLeast: number;
  readonly versionMost: number;
}

export function readHelloVersions(reader: WireReader): HelloVersions {
  if (reader.u32() !== MAGIC) throw new ProtocolError('frame-malformed', 'a hello without its first four letters');
  return { versionLeast: reader.u8(), versionMost: reader.u8() };
}

/** Reads what follows the versions. What a later version may have put behind it is left alone. */
export function readHello(versions: HelloVersions, reader: WireReader): Hello {
  const clusterId = reader.u32();
  const nodeId = reader.u16();
  const incarnation = reader.u32();
  const clockMs = reader.u48();
  const nonce = Buffer.from(reader.octets(NONCE_BYTES));
  const horizonS = reader.u32();
  const flags = reader.u8();
  const takenAtMs = reader.u48();
  const keyRules = readKeyRules(reader);
  const held = { incarnation: reader.u32(), position: reader.u48() };
  // A release before this field ends here.
  const listeners = reader.left === 0 ? [] : readListeners(reader);
  return {
    ...versions,
    clusterId,
    nodeId,
    incarnation,
    clockMs,
    nonce,
    horizonS,
    clean: (flags & CLEAN) !== 0,
    synced: (flags & SYNCED) !== 0,
    usesSecret: (flags & USES_SECRET) !== 0,
    roleTakenAtMs: (flags & HAS_ROLE) === 0 ? undefined : checkedRoleTime(takenAtMs),
    keyRules,
    holds: (flags & HOLDS_LOG) === 0 ? undefined : held,
    listeners,
  };
}

function readListeners(reader: WireReader): readonly SipListener[] {
  const count = reader.u8();
  return Array.from({ length: count }, () => {
    return { transport: reader.text(), address: reader.text(), port: reader.u16() };
  });
}

function readKeyRules(reader: WireReader): KeyRules {
  const matchingMode = reader.u8();
  if (matchingMode > 1) throw new ProtocolError('frame-malformed', `matching_mode ${matchingMode}`);
  const bits = reader.u8();
  const maxContacts = reader.u32();
  return {
    matchingMode: matchingMode === 1 ? 1 : 0,
    useDomain: (bits & USE_DOMAIN) !== 0,
    caseSensitive: (bits & CASE_SENSITIVE) !== 0,
    realmPrefix: reader.text(),
    maxContacts,
  };
}

export function isVersionSpoken({ versionLeast, versionMost }: HelloVersions): boolean {
  return versionLeast <= PROTOCOL_VERSION && PROTOCOL_VERSION <= versionMost;
}
