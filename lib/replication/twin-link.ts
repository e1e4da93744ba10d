import { HORIZON_MS } from '../location/horizon.ts';
import type { CommittedChangeSet } from '../location/change.ts';
import { ChangeLog } from './change-log.ts';
import { adoptsFrom, clocksApart } from './clock-agreement.ts';
import type { LogProgress } from './commit-sync.ts';
import { CommitSync } from './commit-sync.ts';
import type { HeartbeatFrame } from './frames.ts';
import type { Goodbye } from './goodbye.ts';
import type { HeldLog, Hello } from './hello.ts';
import { CLOCK_OFFSET_MAX_MS } from './limits.ts';
import { OPEN_GATE } from './open-gate.ts';
import type { ReplicatorPorts, TwinGate } from './ports.ts';
import { Pulse } from './pulse.ts';
import type { ReplicationRecord } from './replication-record.ts';
import type { ReplicatorEvent, ReplicatorSettings } from './replicator-types.ts';
import type { PulledRound, SessionMode, SessionOwner } from './session.ts';
import { Session } from './session.ts';
import type { ListenerComparison } from './sip-listeners.ts';

/** What the link asks of the one who has the connections. */
interface LinkOwner {
  send(link: number, bytes: Buffer): void;
  event(event: ReplicatorEvent): void;
  /** This node ends the link. */
  end(goodbye: Goodbye): void;
  /** The twin has ended it. */
  ended(goodbye: Goodbye): void;
  shiftClock(byMs: number): void;
  /** Both nodes go by one time now. */
  agreed(peer: Hello): void;
}

/**
 * What there is of the twin from one connection to the next: this node's log, the session that carries it while there is
 * one, whether replies wait for the twin, and the heartbeats.
 */
export class TwinLink {
  /** The twin's `no_ping_retries`. */
  pingRetries = 0;
  readonly pulse: Pulse;
  readonly log: ChangeLog;
  readonly #settings: ReplicatorSettings;
  readonly #ports: ReplicatorPorts;
  readonly #record: ReplicationRecord;
  readonly #owner: LinkOwner;
  readonly #gate: TwinGate;
  readonly #sync: CommitSync;
  #session: Session | undefined;
  /** What was held of the twin's log when the last session was lost, and when it was last heard. */
  #held: { readonly log: HeldLog; readonly heardMs: number } | undefined;
  #nextCheckMs = Infinity;
  #isFlushAsked = false;
  #hasOverrun = false;
  /** Told of this link. */
  #toldDifference: string | undefined;
  #nowMs = 0;

  constructor(settings: ReplicatorSettings, ports: ReplicatorPorts, record: ReplicationRecord, owner: LinkOwner) {
    this.#settings = settings;
    this.#ports = ports;
    this.#record = record;
    this.#owner = owner;
    this.log = new ChangeLog(settings.logBytesMax);
    this.pulse = new Pulse(ports, settings.pingIntervalMs);
    this.#gate = settings.commit === 'twin' ? ports.gate : OPEN_GATE;
    this.#sync = new CommitSync(this.#gate, settings.commitTimeoutMs);
  }

  get session(): Session | undefined {
    return this.#session;
  }

  get isInSync(): boolean {
    return this.#sync.state === 'in-sync';
  }

  /** Both nodes have what the other had, and the twin has reconciled with somebody who is synced. */
  get hasReconciledWithSynced(): boolean {
    return this.#session?.isComplete === true && this.pulse.isTwinSynced;
  }

  /** Where this node and the twin serve SIP. */
  get listeners(): ListenerComparison {
    return this.pulse.compare(this.#settings.listeners);
  }

  /** How far the twin is with this node's log; undefined without a session. */
  get progress(): LogProgress | undefined {
    const session = this.#session;
    if (session === undefined) return undefined;
    const { oldest, head } = this.log;
    const { acknowledged } = session;
    if (acknowledged >= head) return { head, acknowledged: head, oldestMs: 0 };
    return { head, acknowledged, oldestMs: this.#nowMs - (oldest?.cutAtMs ?? this.#nowMs) };
  }

  /** Monotonic: when `serve` has something to do by itself. */
  get dueMs(): number {
    const { progress } = this;
    if (progress === undefined) return Infinity;
    const syncMs = this.#nowMs + this.#sync.dueInMs(progress, this.#nowMs);
    return Math.min(syncMs, this.#silentAtMs, this.pulse.dueMs, this.#nextCheckMs);
  }

  /** What a hello may offer to go on from. Rule 25: what is older than H may have been forgotten on one side only. */
  holds(nowMs: number): HeldLog | undefined {
    if (this.#session !== undefined) return this.#session.held;
    const held = this.#held;
    return held === undefined || nowMs - held.heardMs >= HORIZON_MS ? undefined : held.log;
  }

  /** Another node is the twin now. */
  forgetHeld(): void {
    this.#held = undefined;
  }

  /** As CommitGate. */
  settle(aor: string, done: () => void): void {
    this.#gate.settle(aor, done);
  }

  /** What originates here is numbered, and sent to the twin at the end of this turn. */
  committed({ aor, origin, writes, floor }: CommittedChangeSet): void {
    if (origin === 'peer' || origin === 'disk') return;
    if (!this.log.isKeeping) return this.log.skip();
    const batch = this.log.openBatch;
    const records = writes.map(({ after }) => after);
    if (this.log.append(aor, floor, records)) this.#gate.changed(aor, batch);
    else this.#overran();
    if (this.#isFlushAsked) return;
    this.#isFlushAsked = true;
    this.#ports.flushSoon();
  }

  flush(nowMs: number): void {
    this.#isFlushAsked = false;
    this.log.cut(nowMs);
  }

  gateOverflowed(): void {
    this.#sync.overflowed(this.#nowMs);
  }

  /** Whether both nodes are in sync, as far as either knows. */
  get areBothInSync(): boolean {
    return this.isInSync && this.pulse.isInSyncThere;
  }

  /** As Replicator.proveForgettable. */
  proveForgettable(done: (isProved: boolean) => void): void {
    const session = this.#session;
    if (session === undefined || !this.areBothInSync) done(false);
    else this.pulse.prove(session.positions(), done);
  }

  /** A connection has become the link. */
  begin(link: number, peer: Hello, ownHello: Hello, nowMs: number): void {
    const { table, clusterClock } = this.#ports;
    this.#nowMs = nowMs;
    // The new session tells all anew as it is.
    if (this.#hasOverrun) this.#record.overran();
    this.#hasOverrun = false;
    this.#toldDifference = undefined;
    this.pulse.begin(peer, nowMs);
    this.#nextCheckMs = this.#checkDueMs();
    this.#record.linked();
    const send = (bytes: Buffer) => this.#owner.send(link, bytes);
    const owner = this.#sessionOwner();
    this.#session = new Session({ link, peer, ownHello, log: this.log, table, clusterClock, send, owner }, nowMs);
    this.#owner.event({ event: 'twin-role' });
    const { maxContacts: ours } = this.#settings.keyRules;
    const { maxContacts: theirs } = peer.keyRules;
    this.#owner.event({ event: 'max-contacts', ours, theirs });
  }

  /** Throws a ProtocolError. */
  take(type: number, body: Buffer, nowMs: number): void {
    this.#nowMs = nowMs;
    this.#session?.take(type, body, nowMs);
  }

  /** `ul_cluster_sync`. */
  pullAgain(nowMs: number): void {
    this.#session?.pullAgain(nowMs);
  }

  /** The connection is gone: nobody waits for the twin, and what it holds is remembered for the next one. */
  lost(): void {
    const session = this.#session;
    if (session === undefined) return;
    const { held, lastHeardMs, mode } = session;
    this.#session = undefined;
    // A session that had not started heard nothing of the twin's log: what was held before it is as old as it was.
    if (mode !== 'starting') this.#held = held === undefined ? undefined : { log: held, heardMs: lastHeardMs };
    this.#sync.leave();
    this.pulse.end();
    this.#owner.event({ event: 'twin-role' });
  }

  /** Everything that may be due after any input. */
  serve(synced: boolean, nowMs: number): void {
    this.#nowMs = nowMs;
    if (this.#hasOverrun) this.#giveUp();
    if (nowMs >= this.#silentAtMs) this.#endSilent();
    const session = this.#session;
    const { progress } = this;
    if (session === undefined || progress === undefined) return;
    if (nowMs >= this.#nextCheckMs) {
      this.#nextCheckMs = this.#checkDueMs();
      session.pullAgain(nowMs);
    }
    const wasInSync = this.isInSync;
    this.#sync.advance(progress, session.isComplete, nowMs);
    // The twin wants to know at once: it may forget, or remove, only while both are in sync.
    if (this.isInSync !== wasInSync) this.pulse.hasten(nowMs);
    if (nowMs >= this.pulse.dueMs) session.heartbeat(this.#heartbeat(session, synced));
    session.pump(nowMs);
  }

  /** Monotonic: when the twin has been silent for longer than pings and their repetitions may take. */
  get #silentAtMs(): number {
    return this.#session === undefined ? Infinity : this.#session.lastHeardMs + this.#silenceMaxMs;
  }

  get #silenceMaxMs(): number {
    const { pingIntervalMs, pingTimeoutMs } = this.#settings;
    return pingIntervalMs + pingTimeoutMs * (1 + this.pingRetries);
  }

  #endSilent(): void {
    const nodeId = this.#session?.peer.nodeId;
    this.#owner.end({
      reason: 'timeout',
      text: `nothing was heard of node ${nodeId} for ${this.#silenceMaxMs / 1000} s`,
    });
  }

  #heartbeat(session: Session, synced: boolean): HeartbeatFrame {
    return this.pulse.next({ head: this.log.head, synced, inSync: this.isInSync }, session, this.#nowMs);
  }

  /** From this moment on changes are not kept, so nobody must believe that the twin will get them by the log. */
  #overran(): void {
    this.#hasOverrun = true;
    this.#sync.leave();
    this.#gate.committedUpTo(this.log.openBatch - 1);
  }

  /** The twin has to be told all anew, on a new connection. */
  #giveUp(): void {
    this.#hasOverrun = false;
    this.#record.overran();
    const text = 'more changes wait for the other node than the log may hold: it gets all bindings anew';
    if (this.#session !== undefined) this.#owner.end({ reason: 'log-overrun', text });
  }

  #sessionOwner(): SessionOwner {
    return {
      batchesAcknowledged: (batch: number) => this.#gate.committedUpTo(batch),
      heartbeat: (heartbeat: HeartbeatFrame) => this.#heard(heartbeat),
      started: (mode: SessionMode) => this.#started(mode),
      pulled: (round: PulledRound) => {
        this.pulse.reconciled();
        this.#record.pulled(round, this.#nowMs);
        this.#owner.event({ event: 'reconciled', ...round });
      },
      goodbye: (goodbye: Goodbye) => this.#owner.ended(goodbye),
    };
  }

  /** Only one who has admitted this node says so: from here on both go by one time. */
  #started(mode: SessionMode): void {
    this.#record.started(mode);
    if (this.#session !== undefined) this.#owner.agreed(this.#session.peer);
  }

  #heard(heartbeat: HeartbeatFrame): void {
    const { twinRole: before } = this.pulse;
    this.pulse.heard(heartbeat);
    this.#followClock();
    this.#tellDifference();
    const { twinRole: after } = this.pulse;
    // That it still is active is news to a node that has become so meanwhile.
    if (before !== undefined || after !== undefined) this.#owner.event({ event: 'twin-role' });
  }

  #tellDifference(): void {
    const { difference } = this.listeners;
    if (difference === this.#toldDifference) return;
    this.#toldDifference = difference;
    if (difference !== undefined) this.#owner.event({ event: 'listeners', difference });
  }

  /**
   * Clocks drift during a long link: the greater node id takes the lesser one's time again. A jump (a machine that slept) is no
   * drift: nobody follows it.
   */
  #followClock(): void {
    const peer = this.#session?.peer;
    const { offsetMs, hasDrifted } = this.pulse.clock;
    if (peer === undefined || !hasDrifted) return;
    const { nodeId } = this.#settings;
    if (Math.abs(offsetMs) > CLOCK_OFFSET_MAX_MS)
      return this.#owner.end(clocksApart(nodeId, this.#ports.clusterClock.nowMs(), peer.nodeId, offsetMs));
    const own = { nodeId, synced: true, clean: false };
    if (adoptsFrom(own, { nodeId: peer.nodeId, synced: true, clean: false })) this.#owner.shiftClock(offsetMs);
  }

  #checkDueMs(): number {
    const { digestIntervalMs } = this.#settings;
    return digestIntervalMs === 0 ? Infinity : this.#nowMs + digestIntervalMs;
  }
}
