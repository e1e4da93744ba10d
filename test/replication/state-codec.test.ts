import t, { type Test } from 'tap';
import { HORIZON_MS } from '../../lib/location/horizon.ts';
import { PERMANENT } from '../../lib/location/record.ts';
import type { AorState, LocationRecord } from '../../lib/location/record.ts';
import { readState } from '../../lib/replication/state-codec.ts';
import { WireReader } from '../../lib/replication/wire-reader.ts';
import { AOR, binding, judged, put, removed, state, T0, version } from '../location/support/states.ts';
import { writeState } from './support/naive-codec.ts';

/** The naive codec writes anything, whether a table can hold it or not. */
function refuses(t: Test, found: AorState | readonly number[], code: string): void {
  const octets = 'aor' in found ? writeState(found) : found;
  t.throws(() => readState(new WireReader(Buffer.from(octets))), { name: 'ProtocolError', code });
}

function takes(t: Test, found: AorState): void {
  t.strictSame(readState(new WireReader(Buffer.from(writeState(found)))), found);
}

/** With the octet at `at` of what the naive codec writes. */
function withOctet(found: AorState, at: number, octet: number): number[] {
  const octets = [...writeState(found)];
  octets[at] = octet;
  return octets;
}

/** Behind the AoR: u8 has floor, u16 count, then the first record. */
const FLOOR_AT = 2 + AOR.length;
const RECORD_AT = FLOOR_AT + 1 + 2;

function only(record: LocationRecord): AorState {
  return state([record]);
}

t.test('an AoR has a name', async (t) => {
  refuses(t, { aor: '', floor: undefined, records: [] }, 'record-invalid');
});

t.test('a state may tell a floor alone, or nothing at all', async (t) => {
  takes(t, state([], version(T0)));
  takes(t, state([]));
});

t.test('whether there is a floor is said by 0 or 1', async (t) => {
  refuses(t, withOctet(state([]), FLOOR_AT, 2), 'frame-malformed');
  refuses(t, withOctet(state([]), FLOOR_AT, 0xff), 'frame-malformed');
});

t.test('a key stands once in a state', async (t) => {
  refuses(t, state([put('sip:1'), removed('sip:1')]), 'record-invalid');
  refuses(t, state([put('sip:1'), put('sip:2', { key: 'sip:1' })]), 'record-invalid');
  takes(t, state([put('sip:1'), put('sip:1', { key: 'sip:1\ncall-1' })]));
});

t.test('there are three kinds of records', async (t) => {
  takes(t, state([put('sip:1'), removed('sip:2'), judged('sip:3')]));
  refuses(t, withOctet(only(put('sip:1')), RECORD_AT, 3), 'record-invalid');
});

t.test('the upper bits of a form are for later versions, which this one does not guess at', async (t) => {
  for (const bit of [0x10, 0x20, 0x40, 0x80])
    refuses(t, withOctet(only(put('sip:1')), RECORD_AT, bit), 'record-invalid');
});

t.test('a version has a time and a node', async (t) => {
  refuses(t, only(put('sip:1', { version: version(0) })), 'record-invalid');
  refuses(t, only(put('sip:1', { version: version(T0, 0, 0) })), 'record-invalid');
  refuses(t, state([], version(0)), 'record-invalid');
  refuses(t, state([], version(T0, 0, 0)), 'record-invalid');
});

t.test('a version leaves room for later ones', async (t) => {
  const last = version(2 ** 47);
  takes(t, only(removed('sip:1', { version: last, expiresAtMs: 2 ** 47 })));
  refuses(t, only(removed('sip:1', { version: version(2 ** 47 + 1) })), 'record-invalid');
});

t.test('nothing lives longer than H after it was written', async (t) => {
  takes(t, only(put('sip:1', { expiresAtMs: T0 + HORIZON_MS })));
  refuses(t, only(put('sip:1', { expiresAtMs: T0 + HORIZON_MS + 1 })), 'record-invalid');
  refuses(t, only(removed('sip:1', { expiresAtMs: T0 + HORIZON_MS + 1 })), 'record-invalid');
  refuses(t, only(judged('sip:1', { expiresAtMs: T0 + HORIZON_MS + 1 })), 'record-invalid');
  refuses(t, only(put('sip:1', { sticky: true, expiresAtMs: T0 + HORIZON_MS + 1 })), 'record-invalid');
});

t.test('a permanent contact says that it was one', async (t) => {
  takes(t, only(put('sip:1', { sticky: true, expiresAtMs: PERMANENT })));
  takes(t, only(put('sip:1', { sticky: true })));
  refuses(t, only(put('sip:1', { expiresAtMs: PERMANENT })), 'record-invalid');
  refuses(t, only(judged('sip:1', { expiresAtMs: PERMANENT })), 'record-invalid');
});

t.test('q is 0 to 1 in thousandths, or none', async (t) => {
  for (const q of [-1, 0, 1000]) takes(t, only(put('sip:1', { binding: binding({ q }) })));
  for (const q of [1001, 0xfffe]) refuses(t, only(put('sip:1', { binding: binding({ q }) })), 'record-invalid');
});

t.test('a count that the frame does not hold is malformed', async (t) => {
  refuses(t, withOctet(only(put('sip:1')), RECORD_AT - 1, 2), 'frame-malformed');
  refuses(t, withOctet(only(put('sip:1')), RECORD_AT - 2, 0xff), 'frame-malformed');
});

t.test('text is octets: none of them is lost or means anything', async (t) => {
  const octets = Buffer.from(Array.from({ length: 256 }, (_, octet) => octet)).toString('latin1');
  takes(t, {
    aor: octets,
    floor: undefined,
    records: [put(octets, { callId: octets, binding: binding({ attr: octets }) })],
  });
});

t.test('the longest text there can be passes', async (t) => {
  takes(t, { aor: 'a'.repeat(65_535), floor: undefined, records: [] });
});
