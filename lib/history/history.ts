import type { Clock, Timer } from '../core/clock.ts';
import type { Log } from '../core/log.ts';
import { FLOOD_WINDOW_MS, FloodGate } from './flood-gate.ts';
import type { HistoryEntry, HistoryKind } from './history-entry.ts';
import { HistoryFile } from './history-file.ts';
import type { HistoryWriter } from './history-writer.ts';

/** So many entries are kept at least; at twice as many the older half goes, from memory and from the file. */
export const ENTRIES_KEPT = 2000;

/** The longest text; of a longer one so much is kept. */
const TEXT_CHARS_MAX = 400;

/** A disk that hangs does not keep a node from ending. */
const CLOSE_MS = 1000;

interface HistoryParts {
  /** The file. */
  readonly path: string;
  readonly clock: Clock;
  readonly log: Log;
}

/**
 * What happened to this node: failovers, links, disks, its own ends. It is kept in memory, and in a file that outlasts the process however that
 * ends. Nothing here ever fails for who records: a file that cannot be written is logged once, and written when it can be again.
 */
export class History implements HistoryWriter {
  readonly #file: HistoryFile;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #gate = new FloodGate();
  #clusterClock: { nowMs(): number } | undefined;
  /** The oldest first. */
  #entries: HistoryEntry[];
  /** So many of the last entries are not in the file. */
  #unwritten = 0;
  #isOpen = false;
  #writing: Promise<void> | undefined;
  #isRefused = false;
  #timer: Timer | undefined;

  private constructor(file: HistoryFile, entries: readonly HistoryEntry[], { clock, log }: HistoryParts) {
    this.#file = file;
    this.#clock = clock;
    this.#log = log;
    this.#entries = entries.slice(-ENTRIES_KEPT);
  }

  /** Reads the file and leaves it as it is, until `start`. */
  static async open(parts: HistoryParts): Promise<History> {
    const file = new HistoryFile(parts.path);
    const entries = await file.read().catch((err: unknown) => {
      parts.log.warn({ err, path: parts.path }, 'the history cannot be read: it begins anew');
      return [];
    });
    return new History(file, entries, parts);
  }

  /** From now on entries have cluster time, too. */
  followClusterTime(clusterClock: { nowMs(): number }): void {
    this.#clusterClock = clusterClock;
  }

  /** From now on the file is written: no other process uses this data folder. */
  start(): void {
    this.#isOpen = true;
    this.#write();
  }

  record(kind: HistoryKind, text: string): void {
    const nowMs = this.#clock.monotonicMs();
    if (this.#gate.passes(kind, text, nowMs)) this.#add(kind, text);
    else this.#tellHeldLater();
  }

  /** The last so many, the oldest first. */
  entries(most: number): readonly HistoryEntry[] {
    return most <= 0 ? [] : this.#entries.slice(-Math.min(most, ENTRIES_KEPT));
  }

  /** The last entry of one of these kinds. */
  last(...kinds: readonly HistoryKind[]): HistoryEntry | undefined {
    const wanted: ReadonlySet<string> = new Set(kinds);
    return this.#entries.findLast(({ kind }) => wanted.has(kind));
  }

  /** Resolves when the file has everything, or does not take it. */
  async written(): Promise<void> {
    await this.#writing;
  }

  /** Nothing is written any more after it. */
  async close(): Promise<void> {
    this.#timer?.cancel();
    this.#tellHeld(Infinity);
    this.#write();
    const patience = new Promise<void>((resolve) => this.#clock.after(CLOSE_MS, resolve));
    await Promise.race([this.written(), patience]);
    this.#isOpen = false;
  }

  #tellHeldLater(): void {
    this.#timer ??= this.#clock.after(FLOOD_WINDOW_MS, () => {
      this.#timer = undefined;
      this.#tellHeld(this.#clock.monotonicMs());
      if (this.#gate.isHolding) this.#tellHeldLater();
    });
  }

  #tellHeld(nowMs: number): void {
    for (const { kind, count, text } of this.#gate.due(nowMs)) this.#add(kind, heldText(count, text));
  }

  #add(kind: string, text: string): void {
    const clusterAtMs = this.#clusterClock?.nowMs();
    this.#entries.push({ atMs: this.#clock.wallMs(), clusterAtMs, kind, text: shortened(text) });
    this.#unwritten += 1;
    if (this.#entries.length > 2 * ENTRIES_KEPT) {
      this.#entries = this.#entries.slice(-ENTRIES_KEPT);
      this.#unwritten = Math.min(this.#unwritten, ENTRIES_KEPT);
    }
    this.#write();
  }

  /** One write at a time; what comes meanwhile goes with the next one. */
  #write(): void {
    if (!this.#isOpen || this.#unwritten === 0 || this.#writing !== undefined) return;
    const writing = this.#writeOnce();
    this.#writing = writing.then((isWritten) => {
      this.#writing = undefined;
      if (isWritten) this.#write();
      return this.#writing;
    });
  }

  async #writeOnce(): Promise<boolean> {
    const entries = this.#entries.slice(-this.#unwritten);
    this.#unwritten = 0;
    try {
      const isLong = this.#file.lines + entries.length > 2 * ENTRIES_KEPT;
      await (isLong ? this.#file.rewrite(this.#entries.slice(-ENTRIES_KEPT)) : this.#file.append(entries));
      this.#isRefused = false;
      return true;
    } catch (err) {
      this.#unwritten = Math.min(this.#unwritten + entries.length, this.#entries.length);
      this.#tellRefused(err);
      return false;
    }
  }

  #tellRefused(err: unknown): void {
    if (this.#isRefused) return;
    this.#isRefused = true;
    this.#log.warn({ err, path: this.#file.path }, 'the history cannot be written: it goes on in memory');
  }
}

function shortened(text: string): string {
  return text.length <= TEXT_CHARS_MAX ? text : `${text.slice(0, TEXT_CHARS_MAX - 1)}…`;
}

function heldText(count: number, text: string): string {
  return count === 1 ? text : `${text} (the last of ${count} within a minute that are not shown)`;
}
