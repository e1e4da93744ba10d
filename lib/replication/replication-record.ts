import { BUCKETS } from '../location/bucket-digests.ts';
import type { LogProgress } from './commit-sync.ts';
import { GOODBYE_REASONS, type Goodbye, type GoodbyeReason } from './goodbye.ts';
import type { TwinRole } from './pulse.ts';
import type { DirectionState, ReplicationCounters, ReplicationStatus, Twin } from './replicator-types.ts';
import type { SeedRule } from './seed-rule.ts';
import type { PulledRound, Session, SessionMode } from './session.ts';
import type { ListenerComparison } from './sip-listeners.ts';
import { waitingSentence } from './waiting-sentence.ts';

/** What the link shows of itself. */
interface LinkFacts {
  readonly session: Pick<Session, 'lastHeardMs' | 'applied' | 'progress'> | undefined;
  readonly progress: LogProgress | undefined;
  readonly listeners: ListenerComparison;
  readonly log: { readonly bytes: number; readonly head: number };
  readonly pulse: {
    readonly isTwinSynced: boolean;
    readonly isTwinReady: boolean;
    readonly twinRole: TwinRole | undefined;
    readonly clock: { readonly offsetMs: number };
  };
}

interface StatusFacts {
  readonly nowMs: number;
  readonly twin: Twin | undefined;
  readonly outgoing: DirectionState;
  readonly incoming: DirectionState;
  readonly seed: SeedRule;
  readonly link: LinkFacts;
  /** Silence up to here is usual. */
  readonly pingSlackMs: number;
}

const CLOSED_AT_ONCE = 'the other end closed the connection before it said who it is';

/** What has happened so far, for those who look at a node; nothing is decided by it. */
export class ReplicationRecord {
  readonly #counters: { -readonly [Name in keyof ReplicationCounters]: ReplicationCounters[Name] };
  readonly #refusals = new Map<GoodbyeReason, number>(GOODBYE_REASONS.map((reason) => [reason, 0]));
  #stateSinceMs: number;
  #syncSinceMs: number;
  #lastPull: { readonly round: PulledRound; readonly atMs: number } | undefined;
  #lastGoodbye: { readonly by: 'us' | 'twin'; readonly goodbye: Goodbye; readonly atMs: number } | undefined;

  #lastStranger: { readonly goodbye: Goodbye; readonly atMs: number } | undefined;
  /** What stood in the way of the last connection. */
  #lastTrouble: { readonly text: string; readonly atMs: number } | undefined;

  constructor(nowMs: number) {
    this.#stateSinceMs = nowMs;
    this.#syncSinceMs = nowMs;
    this.#counters = {
      links: 0,
      refusals: 0,
      protocolErrors: 0,
      demotions: 0,
      resumes: 0,
      reconciles: 0,
      logOverruns: 0,
    };
  }

  linked(): void {
    this.#counters.links++;
    this.#lastTrouble = undefined;
  }

  /** A connection that this node dialled failed before it became the link. @param reason what the system said, if anything */
  failed(reason: string | undefined, atMs: number): void {
    this.#lastTrouble = { text: reason ?? CLOSED_AT_ONCE, atMs };
  }

  protocolError(): void {
    this.#counters.protocolErrors++;
  }

  overran(): void {
    this.#counters.logOverruns++;
  }

  goodbye(by: 'us' | 'twin', goodbye: Goodbye, atMs: number): void {
    this.#countRefusal(goodbye);
    this.#lastGoodbye = { by, goodbye, atMs };
    this.#lastTrouble = { text: goodbye.text, atMs };
  }

  /** Somebody who never proved to be the twin was sent away; kept apart, or a port scan would hide why the twin was refused. */
  stranger(goodbye: Goodbye, atMs: number): void {
    this.#countRefusal(goodbye);
    this.#lastStranger = { goodbye, atMs };
  }

  pulled(round: PulledRound, atMs: number): void {
    this.#lastPull = { round, atMs };
  }

  started(mode: SessionMode): void {
    if (mode === 'resume') this.#counters.resumes++;
    else this.#counters.reconciles++;
  }

  stateChanged(to: DirectionState, from: DirectionState, atMs: number): void {
    this.#stateSinceMs = atMs;
    if ((to === 'in-sync') !== (from === 'in-sync')) this.#syncSinceMs = atMs;
    if (to === 'lagging' && from === 'in-sync') this.#counters.demotions++;
  }

  status(facts: StatusFacts): ReplicationStatus {
    const { nowMs, twin, outgoing, link, seed } = facts;
    const { session, progress, log } = link;
    const silentMs = session === undefined ? undefined : nowMs - session.lastHeardMs;
    const { head, acknowledged, oldestMs } = progress ?? { head: 0, acknowledged: 0, oldestMs: 0 };
    return {
      twinId: twin?.nodeId,
      isEnabled: twin?.isEnabled !== false,
      outgoing,
      incoming: facts.incoming,
      isTwinReady: link.pulse.isTwinReady,
      isTwinActive: link.pulse.twinRole !== undefined,
      listeners: link.listeners,
      sinceMs: nowMs - this.#stateSinceMs,
      syncSinceMs: nowMs - this.#syncSinceMs,
      synced: seed.isSynced,
      waitsFor: this.#waitsFor(facts),
      lagChanges: head - acknowledged,
      lagMs: Math.round(oldestMs),
      logBytes: log.bytes,
      head: log.head,
      applied: session?.applied ?? 0,
      silentMs,
      isProbing: silentMs !== undefined && silentMs > facts.pingSlackMs,
      clockOffsetMs: session === undefined ? undefined : link.pulse.clock.offsetMs,
      lastReconcile: this.#lastReconcile(nowMs),
      progress:
        outgoing === 'reconciling' && session !== undefined ? { ...session.progress, buckets: BUCKETS } : undefined,
      lastGoodbye: this.#goodbyeStatus(nowMs),
      lastStranger: this.#strangerStatus(nowMs),
      counters: this.#counters,
      refusals: this.#refusals,
    };
  }

  #countRefusal({ reason }: Goodbye): void {
    this.#counters.refusals++;
    this.#refusals.set(reason, (this.#refusals.get(reason) ?? 0) + 1);
  }

  #waitsFor({ nowMs, twin, outgoing, seed, link }: StatusFacts): string | undefined {
    const { bucketsDone, received } = link.session?.progress ?? { bucketsDone: 0, received: 0 };
    const trouble = this.#lastTrouble;
    return waitingSentence({
      twinId: twin?.nodeId,
      isEnabled: twin?.isEnabled !== false,
      synced: seed.isSynced,
      outgoing,
      bucketsDone,
      received,
      isSeed: seed.isSeed,
      seedInMs: Math.max(0, seed.dueMs - nowMs),
      twinSynced: link.pulse.isTwinSynced,
      lastTrouble: trouble === undefined ? undefined : { text: trouble.text, agoMs: nowMs - trouble.atMs },
    });
  }

  #lastReconcile(nowMs: number): ReplicationStatus['lastReconcile'] {
    const pull = this.#lastPull;
    return pull === undefined ? undefined : { agoMs: nowMs - pull.atMs, ...pull.round };
  }

  #strangerStatus(nowMs: number): ReplicationStatus['lastStranger'] {
    const last = this.#lastStranger;
    return last === undefined ? undefined : { ...last.goodbye, agoMs: nowMs - last.atMs };
  }

  #goodbyeStatus(nowMs: number): ReplicationStatus['lastGoodbye'] {
    const last = this.#lastGoodbye;
    return last === undefined ? undefined : { by: last.by, ...last.goodbye, agoMs: nowMs - last.atMs };
  }
}
