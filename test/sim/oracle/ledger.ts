import type { CommittedChangeSet, RecordWrite } from '../../../lib/location/change.ts';
import type { LocationRecord } from '../../../lib/location/record.ts';
import { compareVersions } from '../../../lib/location/version.ts';
import { contactOf } from '../world/contacts.ts';
import type { SimProcess } from '../world/sim-process.ts';
import type { Order } from './order.ts';
import { versionName, type Op } from './op.ts';
import { Violation } from './violation.ts';

/** What a change set was asked for by. */
export interface Cause {
  readonly request: number;
  readonly label: string;
  /** User-Agent of the request; undefined: whatever was there. */
  readonly userAgent: string | undefined;
  /** Keys of contacts that it names; others may only be judged. */
  readonly names: (contactUri: string) => boolean;
  readonly isLegitimate: boolean;
}

/**
 * All operations of a history, and who certainly holds which: the node that carried it out, from the answer on the twin if
 * the two were in sync, what a disk had when a process started from it, and after a reconciliation both.
 */
export class Ledger {
  readonly #order: Order;
  readonly #ops: Op[] = [];
  readonly #byVersion = new Map<string, Op>();
  readonly #ofAor = new Map<string, { readonly ops: Op[]; mask: bigint }>();
  readonly #held = new Map<SimProcess, bigint>();

  constructor(order: Order) {
    this.#order = order;
  }

  /** Ops that the process certainly holds. */
  held(process: SimProcess): bigint {
    return this.#held.get(process) ?? 0n;
  }

  get all(): readonly Op[] {
    return this.#ops;
  }

  ofAor(aor: string): readonly Op[] {
    return this.#ofAor.get(aor)?.ops ?? [];
  }

  get aors(): readonly string[] {
    return [...this.#ofAor.keys()];
  }

  maskOf(aor: string): bigint {
    return this.#ofAor.get(aor)?.mask ?? 0n;
  }

  in(set: bigint): Op[] {
    return this.#ops.filter(({ bit }) => (set & bit) !== 0n);
  }

  start(process: SimProcess, restored: bigint): void {
    this.#held.set(process, restored);
  }

  end(process: SimProcess): void {
    this.#held.delete(process);
    for (const op of this.#ops) if (op.pendingAt === process) op.pendingAt = undefined;
  }

  /** The process holds them from now on. */
  add(process: SimProcess, ops: bigint): void {
    const held = this.#held.get(process);
    if (held !== undefined) this.#held.set(process, held | ops);
  }

  /** What was carried out, and how: records as the table told them. */
  carriedOut(process: SimProcess, { aor, writes, floor }: CommittedChangeSet, cause: Cause, atMs: number): Op[] {
    const ops: Op[] = [];
    const base = { aor, process, atMs, request: cause.request, label: cause.label };
    for (const write of inStampOrder(writes)) ops.push(this.#write(write, process, base, cause));
    if (floor !== undefined) {
      const { version, callId, cseq } = floor;
      const facts = { kind: 'floor', contact: undefined, key: '', userAgent: '', expiresAtMs: version.ms } as const;
      ops.push(this.#add({ ...base, ...facts, version, callId, cseq, judged: undefined, isLegitimate: true }));
    }
    return ops;
  }

  /** Who put what a put or judged record has. */
  putOf(aor: string, record: LocationRecord): Op {
    const op = this.#byVersion.get(`${aor} ${versionName(record.version)}`);
    if (op?.kind !== 'put' || op.key !== record.key)
      throw new Violation(
        `a record of ${record.contactUri} at version ${versionName(record.version)} that nobody wrote`,
      );
    return op;
  }

  #write(
    { before, after }: RecordWrite,
    process: SimProcess,
    base: Pick<Op, 'aor' | 'process' | 'atMs' | 'request' | 'label'>,
    cause: Cause,
  ): Op {
    const { key, version, callId, cseq, expiresAtMs, contactUri } = after;
    const contact = contactOf(contactUri);
    const facts = { ...base, contact, key, version, callId, cseq };
    if (after.kind === 'judged') {
      if (before?.kind !== 'put') throw new Violation(`${process.node} judged ${contactUri}, which was not bound`);
      const judged = this.putOf(base.aor, before);
      if (compareVersions(before.version, version) !== 0)
        throw new Violation(`${process.node} judged ${contactUri} at another version than the one that it had`);
      const label = `${base.label} judges ${judged.label}`;
      return this.#add({
        ...facts,
        kind: 'judge',
        label,
        userAgent: '',
        expiresAtMs,
        judged,
        isLegitimate: cause.isLegitimate,
      });
    }
    if (!cause.names(contactUri)) throw new Violation(`${base.label} wrote ${contactUri}, which it does not name`);
    const userAgent = after.kind === 'put' ? after.binding.userAgent : '';
    if (after.kind === 'put' && cause.userAgent !== undefined && userAgent !== cause.userAgent)
      throw new Violation(`${base.label} wrote another request's binding`);
    const kind = after.kind === 'put' ? 'put' : 'remove';
    return this.#add({ ...facts, kind, userAgent, expiresAtMs, judged: undefined, isLegitimate: true });
  }

  #add(facts: Omit<Op, 'bit' | 'after' | 'pendingAt'>): Op {
    const { process, aor, judged, version, key } = facts;
    const ofAor = this.#ofAor.get(aor) ?? { ops: [], mask: 0n };
    const after = judged === undefined ? this.held(process) & ofAor.mask : judged.after | judged.bit;
    const op: Op = { ...facts, bit: 1n << BigInt(this.#ops.length), after, pendingAt: process };
    if (op.kind !== 'judge') {
      const name = `${aor} ${versionName(version)}`;
      if (this.#byVersion.has(name))
        throw new Violation(`the stamp ${name} was given twice, at last to ${op.label} (${key})`);
      this.#byVersion.set(name, op);
    }
    this.#ops.push(op);
    ofAor.ops.push(op);
    ofAor.mask |= op.bit;
    this.#ofAor.set(aor, ofAor);
    this.add(process, op.bit);
    return op;
  }

  isAfter(later: Op, earlier: Op): boolean {
    return this.#order.isAfter(later, earlier);
  }
}

/** So that each op of one request is after those that it was stamped after. */
function inStampOrder(writes: readonly RecordWrite[]): readonly RecordWrite[] {
  return writes.toSorted((a, b) => compareVersions(a.after.version, b.after.version));
}
