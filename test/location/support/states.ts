import type { ChangeSet, Judgement, Order } from '../../../lib/location/change.ts';
import type { LocationSettings } from '../../../lib/location/location-table.ts';
import { LocationTable } from '../../../lib/location/location-table.ts';
import type { AorState, Binding, LocationRecord, PutRecord } from '../../../lib/location/record.ts';
import { METHODS_UNKNOWN, Q_UNSPECIFIED } from '../../../lib/location/record.ts';
import type { Version } from '../../../lib/location/version.ts';

/** A moment in cluster time, far from every edge. */
export const T0 = 1_700_000_000_000;
export const SECOND = 1000;
export const MINUTE = 60 * SECOND;
export const HOUR = 60 * MINUTE;

export const AOR = 'alice@example.com';

export function version(ms: number, counter = 0, nodeId = 1, incarnation = 7): Version {
  return { ms, counter, nodeId, incarnation };
}

export function binding(fields: Partial<Binding> = {}): Binding {
  return {
    q: Q_UNSPECIFIED,
    received: '',
    path: '',
    instance: '',
    userAgent: 'phone/1',
    socket: 'udp:127.0.0.1:5060',
    methods: METHODS_UNKNOWN,
    flags: 0,
    cflags: '',
    attr: '',
    ...fields,
  };
}

export function put(contact: string, fields: Partial<PutRecord> = {}): PutRecord {
  return {
    kind: 'put',
    key: contact,
    version: version(T0),
    sticky: false,
    contactUri: contact,
    callId: 'call-1',
    cseq: 1,
    expiresAtMs: T0 + HOUR,
    binding: binding(),
    ...fields,
  };
}

export function removed(contact: string, fields: Partial<LocationRecord> = {}): LocationRecord {
  return without(put(contact, { expiresAtMs: T0 }), { ...fields, kind: 'removed' });
}

export function judged(contact: string, fields: Partial<LocationRecord> = {}): LocationRecord {
  return without(put(contact), { ...fields, kind: 'judged' });
}

function without(record: PutRecord, fields: Partial<LocationRecord>): LocationRecord {
  const { binding: _dropped, ...rest } = record;
  return { ...rest, ...fields } as LocationRecord;
}

export function state(records: readonly LocationRecord[], floor?: Version): AorState {
  return { aor: AOR, floor: floor === undefined ? undefined : { version: floor, callId: 'star', cseq: 9 }, records };
}

/** The same state with its records in one order: their order means nothing. */
export function inKeyOrder({ aor, floor, records }: AorState): AorState {
  return { aor, floor, records: [...records].sort((a, b) => (a.key < b.key ? -1 : 1)) };
}

/** Letter case of the contact does not matter, as in a host name: enough to have different keys for one contact. */
export function sameContact(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase();
}

export function settings(fields: Partial<LocationSettings> = {}): LocationSettings {
  return {
    nodeId: 1,
    incarnation: 7,
    maxContacts: 0,
    descTimeOrder: false,
    recordsPerAorMax: 256,
    aorsMax: 1000,
    sameContact,
    ...fields,
  };
}

export function table(fields: Partial<LocationSettings> = {}): LocationTable {
  return new LocationTable(settings(fields));
}

type PutOrder = Extract<Order, { kind: 'put' }>;

export function putOrder(contact: string, expiresAtMs: number, fields: Partial<PutOrder> = {}): Order {
  return {
    kind: 'put',
    key: contact,
    contactUri: contact,
    callId: 'call-1',
    cseq: 1,
    expiresAtMs,
    binding: binding(),
    ...fields,
  };
}

export function removeOrder(contact: string): Order {
  return { kind: 'remove', key: contact, contactUri: contact, callId: 'call-1', cseq: 2 };
}

export const STAR: Order = { kind: 'floor', callId: 'star', cseq: 9 };

export function judgement(record: LocationRecord, reason: Judgement['reason'] = 'pings-lost'): Judgement {
  return { kind: 'judge', key: record.key, version: record.version, reason };
}

/** One request of a phone; throws when it is refused. */
export function serve(at: LocationTable, nowMs: number, ...changes: (Order | Judgement)[]): void {
  const outcome = at.commit(request(...changes), nowMs);
  if ('refused' in outcome) throw new Error(`refused: ${outcome.refused}`);
}

export function request(...changes: (Order | Judgement)[]): ChangeSet {
  return { aor: AOR, origin: 'sip', changes };
}

/** Both tell the other all they know of the AoR. */
export function heal(a: LocationTable, b: LocationTable, nowMs: number): void {
  const known = a.read(AOR);
  a.merge(b.read(AOR), 'peer', nowMs);
  b.merge(known, 'peer', nowMs);
}

/** The contacts that the table shows, in list order. */
export function shown(at: LocationTable, nowMs: number): string[] {
  return at.live(at.read(AOR), nowMs).map((record) => record.contactUri);
}

/** The record under this contact's own key. */
export function recordOf(at: LocationTable, contact: string): LocationRecord {
  const record = at.read(AOR).records.find(({ key }) => key === contact);
  if (record === undefined) throw new Error(`no record of ${contact}`);
  return record;
}
