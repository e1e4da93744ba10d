import type { PutRecord } from '../../../lib/location/record.ts';
import { CONTACTS, contactOf } from '../world/contacts.ts';
import type { SimProcess } from '../world/sim-process.ts';
import type { ContactName } from '../history/planned-event.ts';
import type { Ledger } from './ledger.ts';
import { concerns, type Op } from './op.ts';

/** One AoR as a node shows it, and what that node must know. */
interface Shown {
  readonly aor: string;
  readonly live: readonly PutRecord[];
  readonly ops: readonly Op[];
  /** Ops that certainly count. */
  readonly held: readonly Op[];
  readonly nowMs: number;
}

/**
 * Whether what is shown of an AoR can have come of what was asked for: each contact shows the outcome of an operation that
 * no other operation certainly followed, of those that are certainly known.
 */
export class OutcomeCheck {
  readonly #ledger: Ledger;
  readonly #maxContacts: number;

  constructor(ledger: Ledger, maxContacts: number) {
    this.#ledger = ledger;
    this.#maxContacts = maxContacts;
  }

  /**
   * @param held ops that count; @param process whose table and clock are asked
   * @returns what is wrong, or undefined
   */
  fault(process: SimProcess, aor: string, held: bigint): string | undefined {
    const nowMs = process.clusterClock.nowMs();
    const live = process.table.live(process.table.read(aor), nowMs);
    const ops = this.#ledger.ofAor(aor);
    const shown = { aor, live, ops, nowMs, held: ops.filter(({ bit }) => (held & bit) !== 0n) };
    if (this.#maxContacts > 0 && live.length > this.#maxContacts)
      return `${process.node} shows ${String(live.length)} contacts of ${aor}, max_contacts is ${String(this.#maxContacts)}`;
    for (const contact of CONTACTS) {
      const fault = this.#contactFault(contact, shown, process);
      if (fault !== undefined) return `${process.node} ${fault}`;
    }
    return undefined;
  }

  #contactFault(contact: ContactName, shown: Shown, process: SimProcess): string | undefined {
    const records = shown.live.filter(({ contactUri }) => contactOf(contactUri) === contact);
    if (records.length > 1) return `shows ${contact} of ${shown.aor} twice`;
    const [record] = records;
    return record === undefined
      ? this.#absenceFault(contact, shown, process)
      : this.#presenceFault(record, contact, shown);
  }

  #presenceFault(record: PutRecord, contact: ContactName, { aor, held, nowMs }: Shown): string | undefined {
    const op = this.#ledger.putOf(aor, record);
    if (record.expiresAtMs <= nowMs) return `shows ${contact} of ${aor} past its expiry`;
    if (record.expiresAtMs !== op.expiresAtMs || record.callId !== op.callId || record.cseq !== op.cseq)
      return `shows ${contact} of ${aor} otherwise than it was registered`;
    if (record.binding.userAgent !== op.userAgent) return `shows ${contact} of ${aor} with another one's binding`;
    const later = held.find((other) => concerns(other, contact) && this.#ledger.isAfter(other, op));
    if (later === undefined) return undefined;
    return `shows ${contact} of ${aor} as ${op.label} left it, although ${later.label} came later`;
  }

  /** Why it is right that the contact is not shown: never registered, ended by something, or crowded out. */
  #absenceFault(contact: ContactName, shown: Shown, process: SimProcess): string | undefined {
    const held = shown.held.filter((op) => concerns(op, contact));
    const puts = held.filter(({ kind }) => kind === 'put');
    if (puts.length === 0) return undefined;
    const isLast = (op: Op): boolean => !held.some((other) => this.#ledger.isAfter(other, op));
    const known = shown.ops.filter((op) => concerns(op, contact));
    const ends = (op: Op): boolean => (op.kind === 'put' ? op.expiresAtMs <= shown.nowMs : op.isLegitimate);
    if (known.some((op) => ends(op) && isLast(op))) return undefined;
    const candidates = known.filter((op) => op.kind === 'put' && isLast(op));
    if (candidates.some((op) => this.#isCrowdedOut(op, shown) || process.pinger.hides(op.version))) return undefined;
    const lost = puts.find(isLast) ?? puts[0];
    return `does not show ${contact} of ${shown.aor}, although ${lost?.label ?? '?'} registered it`;
  }

  /** Rule 8: as many others are shown as may be, and none of them is certainly older. */
  #isCrowdedOut(op: Op, { aor, live }: Shown): boolean {
    if (this.#maxContacts === 0 || live.length < this.#maxContacts) return false;
    return live.every((record) => !this.#ledger.isAfter(op, this.#ledger.putOf(aor, record)));
  }
}
