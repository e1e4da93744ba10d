import { MARK_RESERVE_MS } from '../core/cluster-clock.ts';
import type { Clock } from '../core/clock.ts';
import { OperationalError, invariant } from '../core/errors.ts';
import type { CommittedChangeSet } from '../location/change.ts';
import { Backoff } from './backoff.ts';
import type { StoredTable } from './change-writer.ts';
import { DiskHealth } from './disk-health.ts';
import { Flusher } from './flusher.ts';
import { JournalLedger } from './journal-ledger.ts';
import { MergeSweep } from './merge-sweep.ts';
import type { FlushOrder, FromStorage, Opened } from './messages.ts';
import { OneTimer } from './one-timer.ts';
import type { StorageConnection } from './storage-connection.ts';
import { MERGE_RUSH_MS, MERGE_STEP_MS, RETRY_LEAST_MS, RETRY_MOST_MS } from './storage-limits.ts';
import type { DiskGate, StorageSettings } from './storage-settings.ts';
import type { Persistence } from './persistence.ts';
import type { DiskState, StoreStatus } from './store-status.ts';
import type { TableLoad } from './table-load.ts';

export interface StorePorts {
  readonly clock: Clock;
  readonly pid: number;
  readonly table: StoredTable;
  clusterNowMs(): number;
  /** Needed with write-through. It is open when it is given here, and the store's to open and close from then on. */
  readonly gate?: DiskGate;
  /** Called after each change of the disk's state, or of the reason; made for one log line each. */
  stateChanged?(now: DiskState, before: DiskState): void;
}

/**
 * Writes what happens in the table to its database file, in a thread of its own.
 *
 * Whatever the disk does, the table goes on: changes are kept in memory, in bounded buffers and beyond these as ids of
 * records to write, and are written as soon as the disk takes them again. Until then `status` says so, and with
 * write-through nobody waits.
 */
export class LocationStore implements Persistence {
  readonly #settings: StorageSettings;
  readonly #ports: StorePorts;
  readonly #connection: StorageConnection;
  readonly #gate: DiskGate | undefined;
  readonly #flusher: Flusher;
  readonly #health: DiskHealth;
  readonly #ledger = new JournalLedger();
  readonly #backoff = new Backoff(RETRY_LEAST_MS, RETRY_MOST_MS);
  readonly #retryTimer: OneTimer;
  readonly #groupTimer: OneTimer;
  readonly #stepTimer: OneTimer;
  readonly #drainTimer: OneTimer;
  #fileId: string;
  #threadDead = false;
  #stallSuspected = false;
  #lastFlushMs = 0;
  /** The mark that this process began above. */
  readonly #openedMarkMs: number;
  #durableMarkMs: number;
  #closing: Promise<void> | undefined;
  /** Called at each flush that the disk has taken while closing. */
  #progressed: (() => void) | undefined;
  #closed: ((problem: string | undefined) => void) | undefined;
  /** From here on nothing is sent to the file any more. */
  #isClosed = false;
  /** Who waits for the disk by a promise (a command each), to be told when nothing will come to it any more. */
  readonly #askers = new Set<(refusal: OperationalError) => void>();

  /** Made by `LocationFile.start`. */
  constructor(
    settings: StorageSettings,
    ports: StorePorts,
    connection: StorageConnection,
    opened: Opened,
    load: TableLoad,
  ) {
    this.#settings = settings;
    this.#ports = ports;
    this.#connection = connection;
    this.#gate = settings.writeMode === 'write-through' ? ports.gate : undefined;
    invariant(settings.writeMode === 'write-back' || ports.gate !== undefined, 'write-through has a gate');
    this.#fileId = opened.fileId;
    this.#openedMarkMs = opened.markMs;
    this.#durableMarkMs = opened.markMs;
    this.#health = new DiskHealth(ports.clock, (now, before) => this.#stateChanged(now, before));
    const sweep = new MergeSweep();
    for (const row of load.journalRows) this.#ledger.add(row.seq, row.bytes, sweep.position);
    this.#flusher = new Flusher(this.#flusherPorts(), this.#ledger, sweep, opened);
    this.#retryTimer = new OneTimer(ports.clock);
    this.#groupTimer = new OneTimer(ports.clock);
    this.#stepTimer = new OneTimer(ports.clock);
    this.#drainTimer = new OneTimer(ports.clock);
    this.#takeOver(load);
    this.#gate?.close();
    connection.listen({
      message: (message) => this.#message(message),
      died: (reason) => this.#died(reason),
    });
    this.#armStep();
  }

  committed(changes: CommittedChangeSet): void {
    if (changes.origin === 'disk') return;
    const flusher = this.#flusher;
    flusher.beginChangeSet();
    for (const write of changes.writes) flusher.writer.write(changes.aor, write);
    if (changes.floor !== undefined) flusher.writer.floor(changes.aor, changes.floor);
    if (this.#gate === undefined) return;
    this.#gate.changed(changes.aor, flusher.currentSeq);
    this.#groupTimer.arm(this.#settings.groupCommitMs, this.#cut);
  }

  forgotten(_aor: string, recordId: number): void {
    this.#flusher.writer.forget(recordId);
  }

  floorForgotten(aor: string): void {
    this.#flusher.writer.forgetFloor(aor);
  }

  settle(aor: string, done: () => void): void {
    if (this.#gate === undefined) done();
    else this.#gate.settle(aor, done);
  }

  /** The gate opened itself, since more than it can remember waited for the disk. */
  gateOverflowed(what: 'waiters' | 'changes'): void {
    this.#trouble(`too many ${what === 'waiters' ? 'replies' : 'changes'} wait for the disk of ${this.#settings.path}`);
  }

  whenFlushedAfterNow(done: () => void): void {
    this.#flusher.whenFlushed(done);
  }

  /**
   * Flushes at once, if only the mark; resolves when that, and all that is in memory now, is on disk. Rejects with an
   * OperationalError when the file is closed before.
   */
  flushNow(): Promise<void> {
    return this.#unlessClosed((done) => this.#flush(done));
  }

  mergeNow(): Promise<void> {
    return this.#unlessClosed((done) => this.#rush(done));
  }

  status(): StoreStatus {
    const flusher = this.#flusher;
    const { path, writeMode } = this.#settings;
    return {
      disk: this.#health.state,
      path,
      writeMode,
      pending: flusher.pending,
      lagMs: Math.round(flusher.lagMs),
      lastFlushMs: this.#lastFlushMs,
      seq: flusher.currentSeq,
      durableSeq: flusher.durableSeq,
      durableMarkMs: this.#durableMarkMs,
      journalBytes: this.#ledger.bytes,
      recordsBehind: flusher.writer.behind.size,
    };
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  readonly #cut = (): void => this.#flusher.cut();

  #flusherPorts() {
    const { clock, table } = this.#ports;
    return {
      clock,
      table,
      clusterNowMs: () => this.#ports.clusterNowMs(),
      post: (order: FlushOrder) => this.#connection.post(order),
      durable: (batch: { seq: number; markMs: number; complete: boolean }) => this.#durable(batch),
      overflowed: () => this.#overflowed(),
    };
  }

  /** What the start found out and did not write yet: it was in no transaction of its own, so that no fault could stop it. */
  #takeOver(load: TableLoad): void {
    const { writer } = this.#flusher;
    for (const id of load.behind) writer.behind.add(id);
    for (const id of load.forgotten) writer.forget(id);
    for (const row of load.rejected) if (row.recordId !== undefined) writer.reject(row.recordId, row.reason);
  }

  #armStep(): void {
    this.#stepTimer.arm(MERGE_STEP_MS, () => this.#step());
  }

  #step(): void {
    this.#armStep();
    this.#watchForStall();
    this.#flusher.step(false);
    const sinceCutMs = this.#ports.clock.monotonicMs() - this.#flusher.lastCutMs;
    // Half a step early rather than half a step late.
    if (this.#closing !== undefined || sinceCutMs >= this.#settings.flushIntervalMs - MERGE_STEP_MS / 2)
      this.#flusher.cut();
  }

  /** A pause of this process must not look like one of the disk: it takes two steps, between which answers are heard. */
  #watchForStall(): void {
    const { commitTimeoutMs, flushIntervalMs, path } = this.#settings;
    const patienceMs = this.#gate === undefined ? 2 * flushIntervalMs : commitTimeoutMs;
    const sinceMs = this.#flusher.waitingSinceMs;
    const late = sinceMs !== undefined && this.#ports.clock.monotonicMs() - sinceMs > patienceMs;
    if (late && this.#stallSuspected && this.#health.state.state === 'ok')
      this.#trouble(`the disk of ${path} has not answered for more than ${patienceMs} ms`);
    this.#stallSuspected = late;
  }

  #rush(done: () => void): void {
    if (this.#isClosed) return;
    this.#flusher.step(true);
    if (this.#flusher.writer.behind.size > 0) {
      this.#ports.clock.after(MERGE_RUSH_MS, () => this.#rush(done));
      return;
    }
    this.#flush(done);
  }

  #unlessClosed(begin: (done: () => void) => void): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#isClosed) return reject(closedBefore());
      this.#askers.add(reject);
      begin(() => {
        this.#askers.delete(reject);
        resolve();
      });
    });
  }

  #flush(done: () => void): void {
    this.#flusher.whenFlushed(done);
    this.#flusher.cut();
  }

  #message(message: FromStorage): void {
    switch (message.type) {
      case 'flushed':
        this.#backoff.reset();
        return this.#flusher.flushed(message.seq);
      case 'flush-failed':
        this.#trouble(message.reason);
        if (!message.reopen)
          return this.#retryTimer.arm(this.#backoff.pauseMs(), () => this.#connection.post({ type: 'retry' }));
        return this.#reopenLater();
      case 'open-failed':
        this.#trouble(message.message);
        return this.#reopenLater();
      case 'opened':
        return this.#reopened(message);
      case 'closed':
        return this.#closed?.(message.problem);
      case 'load-started':
      case 'load-chunk':
      case 'load-failed':
        return;
    }
  }

  #died(reason: string): void {
    this.#threadDead = true;
    this.#trouble(`the storage thread ended: ${reason}`);
    this.#reopenLater();
    this.#closed?.('the storage thread ended');
  }

  #reopenLater(): void {
    this.#flusher.disconnect();
    // It may be armed for a mere `retry`, which a thread that died would not hear.
    this.#retryTimer.cancel();
    this.#retryTimer.arm(this.#backoff.pauseMs(), () => {
      if (this.#threadDead) this.#connection.restart();
      this.#threadDead = false;
      const { path, migrationsPath } = this.#settings;
      this.#connection.post({ type: 'open', path, migrationsPath, pid: this.#ports.pid });
    });
  }

  /** The same file goes on where it was. Another one, or an older copy, is overwritten with what the table holds. */
  #reopened(opened: Opened): void {
    const same = opened.fileId === this.#fileId && opened.seq >= this.#flusher.durableSeq;
    this.#fileId = opened.fileId;
    if (same) this.#flusher.resume();
    else this.#flusher.startOver(opened.seq);
  }

  #durable(batch: { readonly seq: number; readonly markMs: number; readonly complete: boolean }): void {
    this.#lastFlushMs = this.#ports.clock.wallMs();
    this.#durableMarkMs = batch.markMs;
    this.#gate?.committedUpTo(batch.seq);
    if (batch.complete) this.#health.complete(batch.seq);
    if (this.#health.state.state === 'ok') this.#gate?.close();
    this.#progressed?.();
  }

  #overflowed(): void {
    const { state } = this.#health;
    const reason = `changes come faster than the disk of ${this.#settings.path} takes them`;
    // What made it come to this is the better reason.
    this.#trouble(state.state === 'degraded' ? state.reason : reason);
  }

  #trouble(reason: string): void {
    this.#health.trouble(reason, this.#flusher.currentSeq);
  }

  #stateChanged(now: DiskState, before: DiskState): void {
    if (now.state === 'degraded') this.#gate?.open();
    this.#ports.stateChanged?.(now, before);
  }

  async #close(): Promise<void> {
    const drained = await this.#drain();
    this.#isClosed = true;
    for (const refuse of this.#askers) refuse(closedBefore());
    this.#askers.clear();
    const unsaved = this.#flusher.pending;
    this.#stepTimer.cancel();
    this.#groupTimer.cancel();
    const problem = this.#threadDead ? undefined : await this.#closeFile(drained);
    await this.#connection.end();
    // Only now, since until the end an answer may have armed it.
    this.#retryTimer.cancel();
    if (!drained) throw new OperationalError(`db_url: ${unsaved} changes are not on disk: ${this.#closeReason()}`);
    if (problem !== undefined)
      throw new OperationalError(`db_url: ${problem}; nothing is lost, the next start takes care of it`);
  }

  /** Whether all that is in memory came to disk. The time for closing begins anew whenever the disk has taken something. */
  async #drain(): Promise<boolean> {
    const drained = await new Promise<boolean>((resolve) => {
      const waitAgain = (): void => {
        this.#drainTimer.cancel();
        this.#drainTimer.arm(this.#settings.closeTimeoutMs, () => resolve(false));
      };
      this.#progressed = () => {
        waitAgain();
        if (this.#flusher.writer.owedCount > 0) this.#flusher.cutFull();
      };
      waitAgain();
      this.#flusher.whenFlushed(() => resolve(true));
      this.#flusher.cutFull();
    });
    this.#progressed = undefined;
    this.#drainTimer.cancel();
    return drained;
  }

  #closeFile(isComplete: boolean): Promise<string | undefined> {
    const markMs = isComplete ? this.#closingMarkMs() : undefined;
    return this.#within<string | undefined>((done) => {
      this.#closed = done;
      this.#connection.post({ type: 'close', markMs });
    }, 'the storage thread does not answer');
  }

  /**
   * A clean stop loses no stamp that is on disk, so the next start need not begin a reserve above the last flush: else each
   * of a row of quick restarts would move cluster time further ahead of the wall clock. The mark may fall so far that with
   * the reserve it is
   *
   * - cluster time, which is not to go back from one life to the next;
   * - the last stamp, which may be ahead of it, and of a contact that is never written to disk nothing else is known then;
   * - what this life began above: stamps of one that crashed before may be lost here and known to the twin. (A time that
   *   was taken over from the twin, and is far below that, is taken over again.)
   */
  #closingMarkMs(): number {
    const issuedMs = Math.max(this.#ports.clusterNowMs(), this.#ports.table.lastStampMs);
    return Math.max(this.#openedMarkMs, issuedMs - MARK_RESERVE_MS);
  }

  #closeReason(): string {
    const { state } = this.#health;
    return state.state === 'degraded' ? state.reason : `the disk of ${this.#settings.path} does not answer`;
  }

  /** The value that `begin` hands to its callback, or `otherwise` when the time for closing is over. */
  #within<T>(begin: (done: (value: T) => void) => void, otherwise: T): Promise<T> {
    return new Promise((resolve) => {
      const timer = this.#ports.clock.after(this.#settings.closeTimeoutMs, () => resolve(otherwise));
      begin((value) => {
        timer.cancel();
        resolve(value);
      });
    });
  }
}

function closedBefore(): OperationalError {
  return new OperationalError('db_url: the file was closed before that was done');
}
