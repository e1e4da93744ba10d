import type { Clock, Timer } from '../../core/clock.ts';
import type { ListeningSocket, SendOutcome } from '../engine.ts';
import type { TcpSettings } from './engine-settings.ts';
import type { ConnectionEvent, EngineStatistics } from '../serving/engine-statistics.ts';
import { numericAddress } from '../serving/numeric-address.ts';

/** A connection as the table sees it. The times are monotonic and written by the table alone. */
export interface TrackedConnection {
  /** IPv6 without brackets. */
  readonly remoteAddress: string;
  readonly remotePort: number;
  /** The one that it was accepted by. */
  readonly socket: ListeningSocket;
  /** When something arrived last. */
  activeAtMs: number;
  /** When it took its place in the order of activity. */
  orderedAtMs: number;
  /** When the message that is arriving must be complete, or the closing connection gone. */
  deadlineMs: number;
  /** Sends what is no reply. */
  sendUnasked(text: string): SendOutcome;
  drain(): void;
  /** Closes at once and calls `remove`. */
  close(event?: ConnectionEvent): void;
}

/** How often deadlines are looked at, so that closing may be late by so much. */
const SWEEP_INTERVAL_MS = 1000;

/** The order of activity is kept this coarsely, so that a busy connection costs next to nothing. */
const ORDER_GRAIN_MS = 1000;

/**
 * All accepted connections of an engine, and the limits on them. Both orders that it keeps are insertion orders of sets,
 * so that whatever is due stands in front, and a sweep over thousands of idle connections looks at one of them.
 */
export class ConnectionTable {
  readonly #settings: TcpSettings;
  readonly #clock: Clock;
  readonly #statistics: EngineStatistics;
  /** The longest idle first, within the grain. */
  readonly #byActivity = new Set<TrackedConnection>();
  /** Those with a deadline, the earliest first: all deadlines are equally far away when they are set. */
  readonly #byDeadline = new Set<TrackedConnection>();
  readonly #perSource = new Map<string, number>();
  /** By `remoteKey`. Of two with the same key, which only zones tell apart, the later one. */
  readonly #byRemote = new Map<string, TrackedConnection>();
  #sweepTimer: Timer | undefined;

  constructor(settings: TcpSettings, clock: Clock, statistics: EngineStatistics) {
    this.#settings = settings;
    this.#clock = clock;
    this.#statistics = statistics;
  }

  get size(): number {
    return this.#byActivity.size;
  }

  /** Whether one more connection from this address may be taken; an idle one may be closed for it. Counts what happens. */
  admit(remoteAddress: string): boolean {
    if ((this.#perSource.get(remoteAddress) ?? 0) >= this.#settings.connectionsPerSourceMax) {
      this.#statistics.countConnection('refused_source');
      return false;
    }
    if (this.size >= this.#settings.connectionsMax && !this.#makeRoom()) {
      this.#statistics.countConnection('refused_total');
      return false;
    }
    this.#statistics.countConnection('accepted');
    return true;
  }

  add(connection: TrackedConnection): void {
    this.#perSource.set(connection.remoteAddress, (this.#perSource.get(connection.remoteAddress) ?? 0) + 1);
    const nowMs = this.#clock.monotonicMs();
    connection.activeAtMs = nowMs;
    connection.orderedAtMs = nowMs;
    this.#byActivity.add(connection);
    this.#byRemote.set(keyOf(connection), connection);
    if (this.#sweepTimer === undefined) this.#scheduleSweep();
  }

  /** Idempotent. */
  remove(connection: TrackedConnection): void {
    if (!this.#byActivity.delete(connection)) return;
    this.#byDeadline.delete(connection);
    const key = keyOf(connection);
    if (this.#byRemote.get(key) === connection) this.#byRemote.delete(key);
    const left = (this.#perSource.get(connection.remoteAddress) ?? 0) - 1;
    if (left > 0) this.#perSource.set(connection.remoteAddress, left);
    else this.#perSource.delete(connection.remoteAddress);
  }

  /**
   * The connection from there that came by this socket. The socket matters, since behind a NAT two phones can have the
   * same address and port towards two of ours.
   *
   * @param address as `numericAddress` writes it
   */
  find(socketName: string, address: string, port: number): TrackedConnection | undefined {
    return this.#byRemote.get(remoteKey(socketName, address, port));
  }

  noteActivity(connection: TrackedConnection): void {
    const nowMs = this.#clock.monotonicMs();
    connection.activeAtMs = nowMs;
    if (nowMs - connection.orderedAtMs < ORDER_GRAIN_MS) return;
    connection.orderedAtMs = nowMs;
    this.#byActivity.delete(connection);
    this.#byActivity.add(connection);
  }

  /** A message began, or the connection is closing: from now on `messageTimeoutMs` are left. */
  setDeadline(connection: TrackedConnection): void {
    connection.deadlineMs = this.#clock.monotonicMs() + this.#settings.messageTimeoutMs;
    this.#byDeadline.delete(connection);
    this.#byDeadline.add(connection);
  }

  clearDeadline(connection: TrackedConnection): void {
    this.#byDeadline.delete(connection);
  }

  drain(): void {
    for (const connection of [...this.#byActivity]) connection.drain();
  }

  /** Closes all connections, and leaves no timer. */
  close(): void {
    for (const connection of [...this.#byActivity]) connection.close();
    this.#sweepTimer?.cancel();
    this.#sweepTimer = undefined;
  }

  #makeRoom(): boolean {
    const [longestIdle] = this.#byActivity;
    if (longestIdle === undefined) return false;
    if (this.#clock.monotonicMs() - longestIdle.activeAtMs < this.#settings.idleReclaimMs) return false;
    longestIdle.close('closed_to_make_room');
    return true;
  }

  #scheduleSweep(): void {
    this.#sweepTimer = this.#clock.after(SWEEP_INTERVAL_MS, () => {
      this.#sweepTimer = undefined;
      this.#sweep(this.#clock.monotonicMs());
      if (this.size > 0) this.#scheduleSweep();
    });
  }

  #sweep(nowMs: number): void {
    for (const connection of this.#byDeadline) {
      if (connection.deadlineMs > nowMs) break;
      connection.close('closed_slow');
    }
    for (const connection of this.#byActivity) {
      // The order is by `orderedAtMs`; one that was active within the grain after that comes at a later sweep.
      if (nowMs - connection.orderedAtMs < this.#settings.idleTimeoutMs) break;
      if (nowMs - connection.activeAtMs >= this.#settings.idleTimeoutMs) connection.close('closed_idle');
    }
  }
}

function keyOf({ socket, remoteAddress, remotePort }: TrackedConnection): string {
  return remoteKey(socket.name, numericAddress(remoteAddress) ?? remoteAddress, remotePort);
}

function remoteKey(socketName: string, address: string, port: number): string {
  return `${socketName} ${address} ${String(port)}`;
}
