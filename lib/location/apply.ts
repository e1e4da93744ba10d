import type { Judgement, Order } from './change.ts';
import { HORIZON_MS } from './horizon.ts';
import type { Plan, PlannedWrite } from './plan.ts';
import { findByKey } from './plan.ts';
import type { AorState, Floor, LocationRecord } from './record.ts';
import { PERMANENT } from './record.ts';
import type { Writer } from './stamp.ts';
import { greatestVersion, stampAbove } from './stamp.ts';
import type { Version } from './version.ts';
import { compareVersions } from './version.ts';

type KeyedOrder = Exclude<Order, { readonly kind: 'floor' }>;

/**
 * What the changes of one request do to the AoR. Orders are stamped one by one, each above all that is known of the AoR
 * and above those before it; judgements apply only to a put that is still at the version that was judged, as this request
 * leaves it. A key that is changed twice gives one write.
 */
export function planChanges(
  state: AorState,
  changes: readonly (Order | Judgement)[],
  nowMs: number,
  writer: Writer,
): StampedPlan {
  const draft = new Draft(state, nowMs, writer);
  for (const change of changes) {
    if (change.kind === 'judge') draft.judge(change);
    else if (change.kind === 'floor') draft.raiseFloor(change.callId, change.cseq);
    else draft.order(change);
  }
  return draft;
}

/** A plan, and the greatest stamp that it issued. */
export interface StampedPlan extends Plan {
  readonly lastStamp: Version | undefined;
}

class Draft implements StampedPlan {
  readonly writes: PlannedWrite[] = [];
  floor: Floor | undefined = undefined;
  lastStamp: Version | undefined = undefined;
  readonly #state: AorState;
  readonly #nowMs: number;
  readonly #writer: Writer;
  #greatest: Version | undefined;

  constructor(state: AorState, nowMs: number, writer: Writer) {
    this.#state = state;
    this.#nowMs = nowMs;
    this.#writer = writer;
    this.#greatest = greatestVersion(state);
  }

  /** A removal is stamped even if nothing is known under its key: an older binding may exist on the twin. */
  order(order: KeyedOrder): void {
    const planned = this.#plannedAt(order.key);
    const index = planned < 0 ? findByKey(this.#state.records, order.key) : (this.writes[planned]?.index ?? -1);
    const before = planned < 0 ? this.#state.records[index] : this.writes[planned]?.after;
    this.#write(planned, { index, after: recordOf(order, before?.sticky === true, this.#stamp(), this.#nowMs) });
  }

  judge({ key, version }: Judgement): void {
    const planned = this.#plannedAt(key);
    // What this very request wrote has a newer version than anything that could have been judged.
    if (planned >= 0) return;
    const index = findByKey(this.#state.records, key);
    const record = this.#state.records[index];
    if (record?.kind !== 'put' || compareVersions(record.version, version) !== 0) return;
    this.#write(-1, { index, after: judged(record) });
  }

  raiseFloor(callId: string, cseq: number): void {
    this.floor = { version: this.#stamp(), callId, cseq };
  }

  #stamp(): Version {
    const stamp = stampAbove(this.#greatest, this.#nowMs, this.#writer);
    this.#greatest = stamp;
    this.lastStamp = stamp;
    return stamp;
  }

  #plannedAt(key: string): number {
    return this.writes.findIndex((write) => write.after.key === key);
  }

  #write(planned: number, write: PlannedWrite): void {
    if (planned < 0) this.writes.push(write);
    else this.writes[planned] = write;
  }
}

/** Property order is that of the packed store's decoder, so that all records have one shape. */
function recordOf(order: KeyedOrder, wasSticky: boolean, version: Version, nowMs: number): LocationRecord {
  const { key, contactUri, callId, cseq } = order;
  if (order.kind === 'remove') {
    return { kind: 'removed', key, version, sticky: wasSticky, contactUri, callId, cseq, expiresAtMs: version.ms };
  }
  const sticky = wasSticky || order.expiresAtMs === PERMANENT;
  const expiresAtMs = order.expiresAtMs === PERMANENT ? PERMANENT : Math.min(order.expiresAtMs, nowMs + HORIZON_MS);
  return { kind: 'put', key, version, sticky, contactUri, callId, cseq, expiresAtMs, binding: order.binding };
}

function judged({ key, version, sticky, contactUri, callId, cseq, expiresAtMs }: LocationRecord): LocationRecord {
  return { kind: 'judged', key, version, sticky, contactUri, callId, cseq, expiresAtMs };
}
