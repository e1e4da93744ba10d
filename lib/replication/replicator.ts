import { invariant } from '../core/errors.ts';
import type { CommittedChangeSet } from '../location/change.ts';
import type { ChangeListener, CommitGate } from '../location/ports.ts';
import { agreeOnClock, clocksApart, impossibleClock, isClockPossible, partyOf } from './clock-agreement.ts';
import type { Connection } from './connection.ts';
import { Dialling } from './dialling.ts';
import type { Goodbye } from './goodbye.ts';
import type { Proved } from './greeting.ts';
import type { Hello } from './hello.ts';
import { BODY_BYTES_MAX } from './limits.ts';
import { REPLACED, takesPlace } from './link-choice.ts';
import type { ReplicatorPorts } from './ports.ts';
import type { ProtocolError } from './protocol-error.ts';
import type { TwinRole } from './pulse.ts';
import type { Greeted, ReceptionOwner } from './reception.ts';
import { Reception } from './reception.ts';
import { ReplicationRecord } from './replication-record.ts';
import type {
  DirectionState,
  ReplicationStatus,
  ReplicatorEffect,
  ReplicatorEvent,
  ReplicatorInput,
  ReplicatorSettings,
  Twin,
} from './replicator-types.ts';
import { SeedRule } from './seed-rule.ts';
import { newGreeting } from './self-portrait.ts';
import { TwinLink } from './twin-link.ts';

/**
 * Replication between this node and its twin, as a machine without sockets, clock or timers: input in, effects out.
 *
 * It is a listener of the location table and takes each change that originates here into its log; and it is the commit
 * gate that holds a reply back until the twin has acknowledged the change, as long as the twin is in sync. What comes
 * from the twin is merged into the table.
 *
 * Here it decides who is let in, whose connection is the link, and whose time counts; what goes over the link is the
 * business of TwinLink and its Session. Three things are done at once, by ports, in the middle of a step: what the twin sends is
 * merged into the table, replies that waited go, and cluster time is moved. What these cause must come after the step.
 */
export class Replicator implements ChangeListener, CommitGate {
  readonly #settings: ReplicatorSettings;
  readonly #ports: ReplicatorPorts;
  readonly #link: TwinLink;
  readonly #reception: Reception;
  readonly #dialling: Dialling;
  readonly #seed: SeedRule;
  readonly #record: ReplicationRecord;
  #twin: Twin | undefined;
  /** The twin's process that this one agreed with on the time last; undefined before the first. */
  #agreedWith: number | undefined;
  #isStopped = false;
  #isStepping = false;
  #nowMs: number;
  #effects: ReplicatorEffect[] = [];

  /** @param nowMs monotonic */
  constructor(settings: ReplicatorSettings, twin: Twin | undefined, ports: ReplicatorPorts, nowMs: number) {
    this.#settings = settings;
    this.#twin = twin;
    this.#ports = ports;
    this.#nowMs = nowMs;
    this.#dialling = new Dialling(settings.nodeTimeoutMs, nowMs);
    this.#seed = new SeedRule(settings.isSeed, nowMs + settings.seedFallbackMs);
    this.#record = new ReplicationRecord(nowMs);
    this.#reception = new Reception(this.#receptionOwner());
    this.#link = new TwinLink(settings, ports, this.#record, {
      send: (link, bytes) => this.#effect({ kind: 'send', link, bytes }),
      event: (event) => this.#event(event),
      end: (goodbye) => this.#endLink(goodbye),
      ended: (goodbye) => this.#endedBy(goodbye),
      shiftClock: (byMs) => this.#shiftClock(byMs),
      agreed: ({ incarnation }) => {
        this.#agreedWith = incarnation;
        ports.table.clockAgreed();
        this.#event({ event: 'agreed' });
      },
    });
    this.#link.pingRetries = twin?.pingRetries ?? 0;
  }

  /** What is answered from now on is on both nodes (with `commit: twin`). */
  get isInSync(): boolean {
    return this.#link.isInSync;
  }

  /** Whether what this node shows can be trusted to be all that the cluster knows. */
  get isSynced(): boolean {
    return this.#seed.isSynced;
  }

  /** Has met the twin since the start, and agreed with it on the time. */
  get hasAgreed(): boolean {
    return this.#agreedWith !== undefined;
  }

  /** The last announcement of the twin's role; undefined without a link, or while the twin is passive. */
  get twinRole(): TwinRole | undefined {
    return this.#link.pulse.twinRole;
  }

  get isLinked(): boolean {
    return this.#link.session !== undefined;
  }

  settle(aor: string, done: () => void): void {
    this.#link.settle(aor, done);
  }

  committed(changes: CommittedChangeSet): void {
    this.#link.committed(changes);
  }

  /** Whether anything may go by its age now, while the tables are not compared; and whether `proveForgettable` may come to something. */
  get forgets(): { readonly byAge: boolean; readonly early: boolean } {
    return { byAge: this.#link.session?.isReconciling !== true, early: this.#link.areBothInSync };
  }

  /**
   * For early dropping: to be called right after the dead were noted. Calls `done` once: with true when it is
   * proved that nothing older than what was noted can come back; with false when that cannot be proved now, as without a twin
   * in sync.
   */
  proveForgettable(done: (isProved: boolean) => void): void {
    this.#link.proveForgettable(done);
  }

  /** The gate opened itself, since more than it can remember was under way. */
  gateOverflowed(): void {
    this.#link.gateOverflowed();
  }

  /** @param nowMs monotonic */
  step(input: ReplicatorInput, nowMs: number): readonly ReplicatorEffect[] {
    invariant(!this.#isStepping, 'one step at a time: what a port causes comes after it');
    this.#isStepping = true;
    this.#nowMs = nowMs;
    this.#effects = [];
    const { outgoing, incoming } = this;
    this.#take(input);
    this.#goOn();
    this.#tellStates(outgoing, incoming);
    this.#isStepping = false;
    return this.#effects;
  }

  /** Monotonic: when `wake` is due at the latest. */
  get nextWakeMs(): number {
    if (this.#isStopped) return Infinity;
    const { session } = this.#link;
    const dueMs = Math.min(this.#seed.dueMs, this.#reception.dueMs);
    if (session === undefined) return Math.min(dueMs, this.#dialDueMs());
    return Math.min(dueMs, this.#link.dueMs);
  }

  get outgoing(): DirectionState {
    const { session } = this.#link;
    if (session === undefined) return this.#unlinkedState();
    if (!session.isComplete) return 'reconciling';
    return this.isInSync ? 'in-sync' : 'lagging';
  }

  get incoming(): DirectionState {
    const { session, pulse } = this.#link;
    if (session === undefined) return this.#unlinkedState();
    if (!session.hasPulled) return 'reconciling';
    return pulse.isInSyncThere ? 'in-sync' : 'lagging';
  }

  status(nowMs: number): ReplicationStatus {
    const pingSlackMs = this.#settings.pingIntervalMs + this.#settings.pingTimeoutMs;
    const { outgoing, incoming } = this;
    const facts = { nowMs, twin: this.#twin, outgoing, incoming, seed: this.#seed, link: this.#link, pingSlackMs };
    return this.#record.status(facts);
  }

  #take(input: ReplicatorInput): void {
    switch (input.kind) {
      case 'connected':
        return this.#connected(input.link, input.dialled);
      case 'received':
        return this.#reception.received(input.link, input.bytes, this.#ports.clusterClock.nowMs());
      case 'closed':
        return this.#closed(input.link, input.reason);
      case 'flush':
        return this.#link.flush(this.#nowMs);
      case 'role-changed':
      case 'readiness-changed':
        return this.#link.pulse.hasten(this.#nowMs);
      case 'sync':
        return this.#link.pullAgain(this.#nowMs);
      case 'twin':
        return this.#changeTwin(input.twin, input.isSeed);
      case 'stop':
        return this.#stop();
      case 'wake':
        return;
    }
  }

  /** Everything that must come after each input, since any of them may have made it due. */
  #goOn(): void {
    this.#reception.expire(this.#nowMs);
    const found = this.#seed.advance(this.#link.hasReconciledWithSynced, this.#nowMs);
    if (found !== undefined) {
      this.#event({ event: 'synced', reason: found });
      this.#link.pulse.hasten(this.#nowMs);
    }
    this.#link.serve(this.isSynced, this.#nowMs);
    this.#dial();
  }

  #receptionOwner(): ReceptionOwner {
    return {
      isLink: (link) => this.#isLink(link),
      linkFrame: (type, body) => this.#link.take(type, body, this.#nowMs),
      greeted: (connection, outcome) => this.#greeted(connection, outcome),
      brokeProtocol: (connection, error, goodbye) => this.#brokeProtocol(connection, error, goodbye),
      sendAway: (connection, goodbye) => this.#sendAway(connection, goodbye),
      gone: (link) => this.#gone(link),
      send: (link, bytes) => this.#effect({ kind: 'send', link, bytes }),
      close: (link) => this.#effect({ kind: 'close', link }),
    };
  }

  #isLink(link: number): boolean {
    return this.#link.session?.link === link;
  }

  #connected(link: number, dialled: boolean): void {
    if (this.#isStopped) return this.#effect({ kind: 'close', link });
    const state = { clean: this.#isClean(), synced: this.isSynced, holds: this.#link.holds(this.#nowMs) };
    const greeting = newGreeting(this.#settings, this.#twin, state, this.#ports);
    this.#reception.enter(link, dialled, greeting, this.#nowMs);
  }

  #closed(link: number, reason: string | undefined): void {
    if (this.#dialling.isUnderWay(link)) this.#record.failed(reason, this.#nowMs);
    this.#dialling.failed(link, this.#nowMs);
    this.#reception.closed(link);
  }

  /** Rule 18: has issued no stamp and agreed on no clock since the start. */
  #isClean(): boolean {
    return !this.hasAgreed && this.#ports.table.lastStampMs === 0;
  }

  #greeted(connection: Connection, outcome: Greeted): void {
    const { link } = connection;
    switch (outcome.kind) {
      case 'refuse':
        return this.#refuse(link, outcome.goodbye);
      case 'refused':
        // Of a connection that was accepted nobody knows who says it.
        if (connection.dialled) this.#tellGoodbye('twin', outcome.goodbye, false);
        return this.#reception.drop(link);
      case 'proved':
        return this.#admit(connection, outcome.proved);
    }
  }

  #brokeProtocol(connection: Connection, { code, message }: ProtocolError, goodbye: Goodbye): void {
    this.#record.protocolError();
    this.#event({ event: 'protocol-error', code, text: message });
    if (this.#isLink(connection.link)) this.#endLink(goodbye);
    else this.#sendAway(connection, goodbye);
  }

  /** Whoever answers where the twin should be is a matter for the operator; a stranger who came by is kept apart. */
  #sendAway({ link, dialled }: Connection, goodbye: Goodbye): void {
    if (dialled) return this.#refuse(link, goodbye);
    this.#record.stranger(goodbye, this.#nowMs);
    this.#event({ event: 'refused', by: 'us', ...goodbye, isLink: false });
    this.#reception.sayGoodbye(link, goodbye);
  }

  #refuse(link: number, goodbye: Goodbye): void {
    this.#tellGoodbye('us', goodbye, this.#isLink(link));
    this.#reception.sayGoodbye(link, goodbye);
  }

  #tellGoodbye(by: 'us' | 'twin', goodbye: Goodbye, isLink: boolean): void {
    this.#record.goodbye(by, goodbye, this.#nowMs);
    this.#event({ event: 'refused', by, ...goodbye, isLink });
  }

  /** Somebody proved to be the twin. One link stays between two processes, and their clocks are brought together. */
  #admit(connection: Connection, { peer, ...measured }: Proved): void {
    const { link, greeting, splitter } = connection;
    const { ownHello } = greeting;
    const { nodeId } = this.#settings;
    if (!this.#takesPlace(connection, peer)) {
      const text = `node ${nodeId} has a link to this process already`;
      return this.#reception.sayGoodbye(link, { reason: 'duplicate', text });
    }
    const theirsMs = this.#ports.clusterClock.nowMs() + measured.offsetMs;
    if (!isClockPossible(theirsMs)) return this.#refuse(link, impossibleClock(peer.nodeId, theirsMs));
    const verdict = agreeOnClock(partyOf(ownHello), partyOf(peer), measured, {
      isStillClean: this.#isClean(),
      haveAgreed: peer.incarnation === this.#agreedWith,
    });
    if (verdict.kind === 'refuse')
      return this.#refuse(link, clocksApart(nodeId, this.#ports.clusterClock.nowMs(), peer.nodeId, measured.offsetMs));
    if (this.#link.session !== undefined) this.#reception.sayGoodbye(this.#link.session.link, REPLACED);
    if (verdict.kind === 'adopt') this.#shiftClock(verdict.shiftMs, connection);
    splitter.bodyBytesMax = BODY_BYTES_MAX;
    this.#dialling.linked(link);
    this.#link.begin(link, peer, ownHello, this.#nowMs);
  }

  #takesPlace(connection: Connection, peer: Hello): boolean {
    const old = this.#link.session;
    const oldConnection = old === undefined ? undefined : this.#reception.find(old.link);
    if (old === undefined || oldConnection === undefined) return true;
    const isGreater = this.#settings.nodeId > peer.nodeId;
    const claim = { incarnation: peer.incarnation, dialledByGreater: connection.dialled === isGreater };
    const link = { incarnation: old.peer.incarnation, dialledByGreater: oldConnection.dialled === isGreater };
    return takesPlace(claim, link);
  }

  /** Whoever else measured by the time that is given up measures again, on another connection. */
  #shiftClock(byMs: number, measuredBy?: Connection): void {
    if (byMs === 0) return;
    for (const other of this.#reception.all()) {
      if (other !== measuredBy && !this.#isLink(other.link)) this.#reception.drop(other.link);
    }
    this.#link.pulse.clock.shifted(byMs);
    this.#ports.clusterClock.shift(byMs);
    this.#event({ event: 'clock', shiftedMs: byMs });
  }

  #dialDueMs(): number {
    if (this.#isStopped || this.#twin?.isEnabled !== true) return Infinity;
    return this.#dialling.dueMs(this.#settings.nodeId, this.#twin.nodeId);
  }

  #dial(): void {
    if (this.#link.session !== undefined || this.#nowMs < this.#dialDueMs()) return;
    this.#effect({ kind: 'dial', link: this.#dialling.dial() });
  }

  #changeTwin(twin: Twin | undefined, isSeed: boolean): void {
    const before = this.#twin;
    this.#twin = twin;
    this.#link.pingRetries = twin?.pingRetries ?? 0;
    this.#seed.isSeed = isSeed;
    if (twin?.nodeId === before?.nodeId && twin?.isEnabled !== false) return;
    const text = `replication is switched off at node ${this.#settings.nodeId}, or another node is named there`;
    this.#endLink({ reason: 'disabled', text });
    for (const { link } of this.#reception.all()) this.#reception.sayGoodbye(link, { reason: 'disabled', text });
    if (twin?.nodeId !== before?.nodeId) this.#link.forgetHeld();
  }

  #stop(): void {
    this.#isStopped = true;
    const goodbye: Goodbye = { reason: 'stopping', text: `node ${this.#settings.nodeId} stops` };
    for (const { link } of this.#reception.all()) this.#reception.sayGoodbye(link, goodbye);
  }

  #endLink(goodbye: Goodbye): void {
    const { session } = this.#link;
    if (session !== undefined) this.#refuse(session.link, goodbye);
  }

  #endedBy(goodbye: Goodbye): void {
    const { session } = this.#link;
    this.#tellGoodbye('twin', goodbye, session !== undefined);
    if (session !== undefined) this.#reception.drop(session.link);
  }

  #gone(link: number): void {
    this.#dialling.failed(link, this.#nowMs);
    if (!this.#isLink(link)) return;
    this.#link.lost();
    this.#dialling.lost(this.#nowMs);
  }

  #unlinkedState(): DirectionState {
    if (!this.#reception.isEmpty) return 'authenticating';
    return this.#dialling.isDialling ? 'connecting' : 'down';
  }

  #tellStates(outgoingBefore: DirectionState, incomingBefore: DirectionState): void {
    const { outgoing, incoming } = this;
    if (outgoing !== outgoingBefore) {
      this.#record.stateChanged(outgoing, outgoingBefore, this.#nowMs);
      this.#event({ event: 'state', from: outgoingBefore, to: outgoing });
    }
    if (incoming !== incomingBefore) this.#event({ event: 'incoming-state', from: incomingBefore, to: incoming });
  }

  #event(event: ReplicatorEvent): void {
    this.#effect({ kind: 'event', event });
  }

  #effect(effect: ReplicatorEffect): void {
    this.#effects.push(effect);
  }
}
