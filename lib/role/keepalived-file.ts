import { join } from 'node:path';
import type { Clock } from '../core/clock.ts';
import type { Log } from '../core/log.ts';
import { timeText } from '../core/time-text.ts';
import { WatchedLine } from './watched-line.ts';
import type { WrittenLine } from './written-line.ts';

interface KeepalivedFileParts {
  readonly dataFolder: string;
  readonly clock: Pick<Clock, 'after' | 'monotonicMs'>;
  readonly log: Log;
  /** Hears in a phrase when trouble begins, and when it is over. */
  readonly tell: (text: string) => void;
}

/** keepalived gives this node no address, for longer than belongs to a start or a handover. */
export interface KeepalivedTrouble {
  /** As keepalived calls it: `FAULT`, `STOP` or `DELETED`. */
  readonly state: string;
  /** By the wall clock. */
  readonly sinceMs: number;
}

/** `DELETED`: its configuration does not have the address any more. */
const WITHOUT_ADDRESS: ReadonlySet<string> = new Set(['FAULT', 'STOP', 'DELETED']);

/** A start of this daemon, of keepalived, and a handover that fails take less. */
const TROUBLE_AFTER_MS = 5000;

/**
 * The file in which notify.sh leaves the state of keepalived. It is no reason not to be ready: keepalived's check asks for that, so
 * that a fault would keep itself up for ever. Without the file nothing is known: no keepalived moves the address here.
 */
export class KeepalivedFile {
  readonly #parts: KeepalivedFileParts;
  readonly #path: string;
  readonly #file: WatchedLine;
  /** Monotonic: when it was seen first that this node gets no address. */
  #withoutAddressAtMs: number | undefined;
  #trouble: KeepalivedTrouble | undefined;
  #changed = (): void => {};

  constructor(parts: KeepalivedFileParts) {
    this.#parts = parts;
    this.#path = join(parts.dataFolder, 'keepalived');
    this.#file = new WatchedLine(this.#path, parts.clock, (line) => this.#take(line));
  }

  /** As was read last: this node would get no address, however short that may be. */
  get isWithoutAddress(): boolean {
    return this.#withoutAddressAtMs !== undefined;
  }

  get trouble(): KeepalivedTrouble | undefined {
    return this.#trouble;
  }

  /**
   * Resolves after the first look. Never rejects.
   * @param changed hears when `isWithoutAddress` has changed; must not throw
   */
  start(changed: () => void): Promise<void> {
    this.#changed = changed;
    return this.#file.start();
  }

  stop(): void {
    this.#file.stop();
  }

  #take({ content, writtenAtMs }: WrittenLine): void {
    const state = content.trim();
    const nowMs = this.#parts.clock.monotonicMs();
    const isWithout = WITHOUT_ADDRESS.has(state);
    if (isWithout !== this.isWithoutAddress) {
      this.#withoutAddressAtMs = isWithout ? nowMs : undefined;
      this.#changed();
    }
    const { state: before } = this.#trouble ?? {};
    const isTrouble = nowMs - (this.#withoutAddressAtMs ?? Infinity) >= TROUBLE_AFTER_MS;
    this.#trouble = isTrouble ? { state, sinceMs: writtenAtMs } : undefined;
    if (before !== this.#trouble?.state) this.#report(state, writtenAtMs);
  }

  #report(state: string, writtenAtMs: number): void {
    const { log, tell } = this.#parts;
    if (this.#trouble === undefined) {
      log.info({ state, path: this.#path }, 'keepalived may give this node the address again');
      return tell(`${state === '' ? 'no state known' : state}: it may give this node the address again`);
    }
    const since = timeText(writtenAtMs);
    log.warn({ state, since, path: this.#path }, 'keepalived gives this node no address');
    tell(`${state} since ${since}: it gives this node no address`);
  }
}
