import type { CommittedChangeSet } from '../../../lib/location/change.ts';
import { LATE_COPY_MS } from '../../../lib/location/horizon.ts';
import { compareVersions } from '../../../lib/location/version.ts';
import type { PutRecord } from '../../../lib/location/record.ts';
import type { SipReply } from '../../../lib/sip/engine.ts';
import type { Climate } from '../history/plan.ts';
import type { EventQueue } from '../world/event-queue.ts';
import type { NodeEvents } from '../world/node-events.ts';
import type { SimProcess } from '../world/sim-process.ts';
import type { Trace } from '../world/trace.ts';
import { differenceOf } from './difference.ts';
import { holds, outlivedAtMs, spentAtMs } from './dominance.ts';
import { Ledger, type Cause } from './ledger.ts';
import type { Op } from './op.ts';
import { Order, type ClockBounds } from './order.ts';
import { OutcomeCheck } from './outcome-check.ts';
import { replyFault } from './reply-check.ts';
import type { SentRequest } from './sent-request.ts';
import { Violation } from './violation.ts';

/** Rule 29, and what the event loop may add. */
const DWELL_MAX_MS = 400;

/** No reply waits longer for the twin (`commit_timeout_ms`, and what timers add) while its process runs. */
const ANSWERED_WITHIN_MS = 400 + 20;

/** A request that a process is at, or has decided and not answered yet. */
export interface Served extends Underway {
  readonly request: SentRequest;
  /** Ops that the process certainly held before. */
  readonly known: bigint;
  /** What the AoR shows right after the decision. */
  shown: readonly PutRecord[];
  shownAtMs: number;
}

/** Changes that somebody asked for and has not been answered yet. */
interface Underway {
  readonly process: SimProcess;
  readonly sinceMs: number;
  readonly aor: string;
  /** Ops that the answer vouches for: those of the AoR that originated here up to the decision. */
  vouchedFor: bigint | undefined;
  ops: readonly Op[];
}

/**
 * Watches a history and knows what was promised: it goes by what was asked and answered, and by which process and which disk
 * lived when, and compares that with what tables hold and show. It knows nothing of how they merge.
 *
 * - When a node answers while in sync, the twin holds all that the answer vouches for, at that moment.
 * - When a node comes in sync, the twin holds all that the node holds.
 * - What a node shows of a contact is the outcome of an operation that nothing that it certainly holds came after.
 * - A request is carried out whole; a copy that comes late, and is known to be one, not at all.
 */
export class Oracle implements NodeEvents {
  readonly #queue: EventQueue;
  readonly #trace: Trace;
  readonly #order: Order;
  readonly #ledger: Ledger;
  readonly #outcomes: OutcomeCheck;
  readonly #logBytesMax: number;
  #cause: Cause | undefined;
  #underway: Underway | undefined;
  readonly #changed = new Map<SimProcess, Set<string>>();
  #requests = 0;
  /** Checks that were made: a history in which nothing was compared proves nothing. */
  checks = 0;

  constructor(queue: EventQueue, trace: Trace, bounds: ClockBounds, { maxContacts, logBytesMax }: Climate) {
    this.#logBytesMax = logBytesMax;
    this.#queue = queue;
    this.#trace = trace;
    this.#order = new Order(queue, bounds);
    this.#ledger = new Ledger(this.#order);
    this.#outcomes = new OutcomeCheck(this.#ledger, maxContacts);
  }

  note(node: string, text: string): void {
    this.#trace.note(node, text);
  }

  opsHeld(process: SimProcess): bigint {
    return this.#ledger.held(process);
  }

  started(process: SimProcess, restored: bigint): void {
    this.#ledger.start(process, restored);
    this.#changed.set(process, new Set(this.#ledger.aors));
  }

  /** The process is gone; what it held must be where it was said to be. */
  ended(process: SimProcess, other: SimProcess | undefined): void {
    this.#ledger.end(process);
    this.#changed.delete(process);
    if (other !== undefined) this.#checkHeld(other);
  }

  committed(process: SimProcess, changes: CommittedChangeSet): void {
    this.#changed.get(process)?.add(changes.aor);
    if (changes.origin === 'peer' || changes.origin === 'disk') return;
    if (this.#cause === undefined)
      throw new Violation(`${process.node} changed ${changes.aor}, and nobody asked for it`);
    const { logBytes } = process.replicator.status(0);
    if (logBytes > this.#logBytesMax)
      throw new Violation(`the log of ${process.node} takes ${String(logBytes)} octets`);
    const ops = this.#ledger.carriedOut(process, changes, this.#cause, this.#queue.nowMs);
    if (this.#underway !== undefined) this.#underway.ops = ops;
  }

  /** A process reads a request and gives it to the registrar. */
  begins(process: SimProcess, request: SentRequest, waitedMs: number): Served {
    if (waitedMs > DWELL_MAX_MS)
      throw new Violation(`${process.node} serves ${request.label}, which lay there for ${waitedMs} ms`);
    const { aor } = request;
    const known = this.#ledger.held(process) & this.#ledger.maskOf(aor);
    const sinceMs = this.#queue.nowMs;
    const served: Served = {
      request,
      process,
      aor,
      known,
      sinceMs,
      vouchedFor: undefined,
      shown: [],
      shownAtMs: 0,
      ops: [],
    };
    this.#underway = served;
    this.#cause = {
      request: this.#requests++,
      label: `${process.node}'s ${request.label}`,
      userAgent: request.userAgent,
      names: (uri) => request.names(uri),
      isLegitimate: true,
    };
    return served;
  }

  /** The registrar has decided. */
  ends(served: Served): void {
    this.#decided(served);
    this.#underway = undefined;
    this.#cause = undefined;
  }

  answered(served: Served, reply: SipReply): void {
    this.#decided(served);
    const { process, request } = served;
    this.#trace.note(process.node, `${request.label} -> ${String(reply.status)}${process.isInSync ? '' : ' (alone)'}`);
    const fault = replyFault(reply, served.shown, served.shownAtMs) ?? this.#decisionFault(served, reply);
    if (fault !== undefined) throw new Violation(`${process.node} answers ${request.label}: ${fault}`);
    this.checks++;
    if (reply.status === 200) this.#vouch(served);
    if (process.twin?.isAlive === true) this.#meet(process, process.twin);
    this.#settled(served);
  }

  /** What an operator or the pinger asks for. `commit` calls what it is given when the changes have passed the gates. */
  order(
    process: SimProcess,
    aor: string,
    label: string,
    isLegitimate: boolean,
    commit: (done: () => void) => void,
  ): void {
    const underway: Underway = { process, aor, sinceMs: this.#queue.nowMs, vouchedFor: undefined, ops: [] };
    const names = (): boolean => true;
    this.#underway = underway;
    this.#cause = {
      request: this.#requests++,
      label: `${process.node}'s ${label}`,
      userAgent: undefined,
      names,
      isLegitimate,
    };
    commit(() => {
      underway.vouchedFor ??= this.#ownOps(process, aor);
      this.#vouch(underway);
      this.#settled(underway);
    });
    underway.vouchedFor ??= this.#ownOps(process, aor);
    this.#underway = undefined;
    this.#cause = undefined;
    this.#trace.note(process.node, label);
  }

  cameInSync(process: SimProcess, twin: SimProcess | undefined): void {
    if (twin === undefined) throw new Violation(`${process.node} is in sync with nobody`);
    this.#trace.note(process.node, 'is in sync');
    if (!twin.isAlive) return;
    const settled = this.#ledger.in(this.#ledger.held(process)).filter(({ pendingAt }) => pendingAt !== process);
    this.#ledger.add(twin, maskOf(settled));
    this.#checkHeld(twin);
    this.#meet(process, twin);
  }

  leftSync(process: SimProcess): void {
    this.#trace.note(process.node, 'is out of sync');
    const { twin } = process;
    if (twin?.isAlive === true) this.#meet(process, twin);
  }

  turned(process: SimProcess): void {
    const changed = this.#changed.get(process);
    if (changed === undefined || changed.size === 0) return;
    for (const aor of changed) this.#checkShown(process, aor);
    changed.clear();
  }

  /** Nothing is on its way that was asked for. */
  get isQuiet(): boolean {
    return !this.#ledger.all.some(({ pendingAt }) => pendingAt !== undefined);
  }

  /** Both nodes are in sync and quiet: both show the same, and that is what all certain operations come to. */
  atRest(a: SimProcess, b: SimProcess): void {
    this.#meet(a, b);
    const all = this.#ledger.held(a) | this.#ledger.held(b);
    this.#ledger.add(a, all);
    this.#ledger.add(b, all);
    this.#checkHeld(a);
    this.#checkHeld(b);
    for (const aor of this.#ledger.aors) {
      const [shownA, shownB] = [a, b].map((process) => this.shown(process, aor).join(', '));
      if (shownA !== shownB) throw new Violation(`of ${aor} A shows ${shownA ?? ''} and B ${shownB ?? ''}`);
      const nowMs = Math.min(a.clusterClock.nowMs(), b.clusterClock.nowMs());
      const difference = differenceOf(a.table.read(aor), b.table.read(aor), nowMs);
      if (difference !== undefined) throw new Violation(`of ${aor} A and B hold ${difference}`);
      this.#checkShown(a, aor);
      this.#checkShown(b, aor);
    }
  }

  /** Contacts that the process shows, each with who registered it. */
  shown(process: SimProcess, aor: string): string[] {
    const live = process.table.live(process.table.read(aor), process.clusterClock.nowMs());
    return live.map((record) => {
      const { contact, label } = this.#ledger.putOf(aor, record);
      return `${contact ?? ''} of ${label}`;
    });
  }

  /** When the next binding of any table expires, counted from now. */
  nextExpiryMs(processes: readonly SimProcess[]): number {
    let leastMs = Number.POSITIVE_INFINITY;
    for (const { table, clusterClock } of processes) {
      const nowMs = clusterClock.nowMs();
      for (const { records } of table.aors()) {
        for (const { expiresAtMs, kind } of records) {
          if (kind === 'put' && expiresAtMs > nowMs) leastMs = Math.min(leastMs, expiresAtMs - nowMs);
        }
      }
    }
    return leastMs;
  }

  #decided(served: Served): void {
    if (served.vouchedFor !== undefined) return;
    const { process, request } = served;
    served.vouchedFor = this.#ownOps(process, request.aor);
    served.shownAtMs = process.clusterClock.nowMs();
    served.shown = process.table.live(process.table.read(request.aor), served.shownAtMs);
  }

  #ownOps(process: SimProcess, aor: string): bigint {
    const held = this.#ledger.held(process);
    return maskOf(this.#ledger.ofAor(aor).filter((op) => op.process === process && (op.bit & held) !== 0n));
  }

  /** An answer in sync: the twin holds what it vouches for. */
  #vouch({ process, aor, vouchedFor = 0n }: Underway): void {
    const { twin } = process;
    if (!process.isInSync || twin?.isAlive !== true) return;
    this.#ledger.add(twin, vouchedFor);
    const state = twin.table.read(aor);
    for (const op of this.#ledger.ofAor(aor)) {
      if ((op.bit & vouchedFor) === 0n || this.#isHeld(twin, op, state)) continue;
      throw new Violation(`${process.node} answered in sync, but ${op.label} is not on ${twin.node}`);
    }
  }

  /** Both are in sync with each other: then their clocks agree. */
  #meet(one: SimProcess, other: SimProcess): void {
    if (!one.isInSync || !other.isInSync || one.twin !== other || other.twin !== one) return;
    this.#order.met(one, other, this.#queue.nowMs);
    const apartMs = Math.abs(one.clusterClock.nowMs() - other.clusterClock.nowMs());
    if (apartMs > this.#order.metMs)
      throw new Violation(`the nodes are in sync, and their clocks are ${String(apartMs)} ms apart`);
  }

  #settled({ process, ops, sinceMs, aor }: Underway): void {
    const waitedMs = this.#queue.nowMs - Math.max(sinceMs, process.ranAgainMs);
    if (waitedMs > ANSWERED_WITHIN_MS)
      throw new Violation(`${process.node} lets ${aor} wait for ${String(waitedMs)} ms`);
    for (const op of ops) if (op.pendingAt === process) op.pendingAt = undefined;
  }

  /** Whether the registrar was right to carry the request out, or not to. */
  #decisionFault(served: Served, reply: SipReply): string | undefined {
    const { request, ops, known } = served;
    if (ops.length === 0) {
      const isIgnored = reply.status === 200 && request.asks !== 'query' && !this.#wasCarriedOut(request);
      return isIgnored ? 'it was granted and not carried out' : undefined;
    }
    const later = this.#ledger.in(known).find((op) => this.#isSupersededBy(request, op, served));
    return later === undefined ? undefined : `a copy that came late was carried out, after ${later.label}`;
  }

  /** This copy or another of the request, here or at the twin. */
  #wasCarriedOut({ aor, callId, cseq }: SentRequest): boolean {
    return this.#ledger.ofAor(aor).some((op) => op.callId === callId && op.cseq === cseq);
  }

  /** Rule 14, of what the process certainly knew: the request is not newer than what it is about. */
  #isSupersededBy(request: SentRequest, op: Op, served: Served): boolean {
    if (op.callId !== request.callId || op.cseq < request.cseq || op.kind === 'judge') return false;
    if (!request.concerns(op.contact)) return false;
    const ageMs = served.shownAtMs - op.version.ms;
    if (ageMs < 0 || ageMs > LATE_COPY_MS) return false;
    // P6: once another Call-ID, or a copy of an earlier request, has written the contact, nobody knows of this one.
    const isOther = (other: Op): boolean => other.callId !== op.callId || other.cseq < request.cseq;
    const rewritten = this.#ledger
      .ofAor(op.aor)
      .some((other) => isOther(other) && isAboutSame(other, op) && !this.#ledger.isAfter(op, other));
    return !rewritten;
  }

  #checkShown(process: SimProcess, aor: string): void {
    this.checks++;
    const fault = this.#outcomes.fault(process, aor, this.#ledger.held(process)) ?? this.#halfFault(process, aor);
    if (fault !== undefined) throw new Violation(fault);
  }

  /** A request is carried out whole or not at all, on whichever node. */
  #halfFault(process: SimProcess, aor: string): string | undefined {
    const state = process.table.read(aor);
    const requests = Map.groupBy(
      this.#ledger.ofAor(aor).filter(({ kind }) => kind !== 'judge'),
      ({ request }) => request,
    );
    for (const ops of requests.values()) {
      if (ops.length < 2) continue;
      const isThere = ops.some(({ key, version }) =>
        // A judgement bears the version that it judged, and may come without it.
        state.records.some(
          (record) => record.kind !== 'judged' && record.key === key && compareVersions(record.version, version) === 0,
        ),
      );
      const missing = isThere ? ops.find((op) => !this.#isHeld(process, op, state)) : undefined;
      if (missing !== undefined) return `${process.node} has a part of ${missing.label} only`;
    }
    return undefined;
  }

  #checkHeld(process: SimProcess): void {
    for (const op of this.#ledger.in(this.#ledger.held(process))) {
      if (op.pendingAt === process || this.#isHeld(process, op, process.table.read(op.aor))) continue;
      throw new Violation(`${process.node} should hold ${op.label} (${op.contact ?? 'all contacts'}), and does not`);
    }
  }

  /** Holds the op, or something above it; or had the right to forget it. */
  #isHeld(process: SimProcess, op: Op, state: Parameters<typeof holds>[0]): boolean {
    if (holds(state, op)) return true;
    const nowMs = process.clusterClock.nowMs();
    if (outlivedAtMs(op) <= nowMs) return true;
    // Cluster time goes back where both nodes start anew, one of them without its disk: what was forgotten before, rightly, stays so.
    const isSpent = (other: Op): boolean =>
      spentAtMs(other) <= nowMs || other.atMs + spentAtMs(other) - other.version.ms <= this.#queue.nowMs;
    if (isSpent(op)) return true;
    return this.#ledger
      .ofAor(op.aor)
      .some((other) => isAboutSame(other, op) && isSpent(other) && compareVersions(other.version, op.version) >= 0);
  }
}

function isAboutSame(one: Op, other: Op): boolean {
  return one.contact === undefined || other.contact === undefined || one.contact === other.contact;
}

function maskOf(ops: readonly Op[]): bigint {
  return ops.reduce((mask, { bit }) => mask | bit, 0n);
}
