import type { Judgement, Order } from '../../../lib/location/change.ts';
import type { AorState } from '../../../lib/location/record.ts';
import { isAlive } from '../../../lib/location/view.ts';
import { addChanges, readAddition } from '../../../lib/mi/commands/addition.ts';
import { MI_CALL_ID, MI_CSEQ } from '../../../lib/mi/commands/mi-writer.ts';
import type { ContactName, OperatorEvent } from '../history/planned-event.ts';
import { contactOf, contactUri } from './contacts.ts';

const LIMITS = { matchingMode: 0, maxContactLen: 255, maxAorLen: 256 } as const;

/** What `ul_add`, `ul_rm_contact` and `ul_rm` change. */
export function addition(
  state: AorState,
  contact: ContactName,
  expiresS: number,
  nowMs: number,
): readonly (Order | Judgement)[] {
  const values = { contact: contactUri(contact, false), expires: expiresS, q: '1', flags: 0, cflags: '0', methods: -1 };
  const read = readAddition(state.aor, values, LIMITS);
  if (typeof read === 'string') throw new Error(read);
  return addChanges(read, state, nowMs, LIMITS.matchingMode);
}

function removal({ records, floor }: AorState, contact: ContactName, nowMs: number): readonly Order[] {
  return records
    .filter((record) => isAlive(record, floor, nowMs) && contactOf(record.contactUri) === contact)
    .map(({ key, contactUri: uri, callId, cseq }) => ({ kind: 'remove', key, contactUri: uri, callId, cseq }));
}

const REMOVE_ALL: readonly Order[] = [{ kind: 'floor', callId: MI_CALL_ID, cseq: MI_CSEQ }];

/** What one command changes, and how to call it. */
export function ordersOf(
  event: Extract<OperatorEvent, { readonly aor: number }>,
  state: AorState,
  nowMs: number,
): readonly [label: string, changes: readonly (Order | Judgement)[]] {
  switch (event.kind) {
    case 'mi-add': {
      const { contact, expiresS } = event;
      const lifetime = expiresS === 0 ? 'for ever' : `${String(expiresS)} s`;
      return [`ul_add ${contact} ${lifetime}`, addition(state, contact, expiresS, nowMs)];
    }
    case 'mi-remove':
      return [`ul_rm_contact ${event.contact}`, removal(state, event.contact, nowMs)];
    case 'mi-remove-all':
      return ['ul_rm', REMOVE_ALL];
  }
}
