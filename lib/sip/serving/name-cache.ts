import type { Clock } from '../../core/clock.ts';
import { numericAddress } from './numeric-address.ts';

/** All addresses of a name, numeric, the preferred one first; rejects when it has none. */
export type NameLookup = (name: string) => Promise<readonly string[]>;

/** An answer, or that there is none, holds for so long. */
const FRESH_MS = 60_000;

/** Names that are known; beyond it the longest unused one gives way, or, when all are in use, nothing more is asked for. */
const NAMES_MAX = 4096;

/** A name that was used within this time is in use: longer than anybody waits between two pings. */
const IN_USE_MS = 600_000;

/** Questions under way; beyond it a name stays as it is until it is asked for again. */
const LOOKUPS_MAX = 32;

/** Questions begun in one second; beyond it likewise. */
const LOOKUPS_PER_S_MAX = 20;

interface Entry {
  /** None when the name did not resolve, or nothing was answered yet. */
  addresses: readonly string[];
  answeredAtMs: number;
  usedAtMs: number;
  isUnderWay: boolean;
}

const UNKNOWN: readonly string[] = [];

/**
 * Addresses of names, at once or not at all: whoever asks for a name that is not known gets nothing and it is looked up
 * behind his back, so that the next one knows. That loses the first ping to a name, which nobody counts, and keeps sending free
 * of waiting. An answer that is no longer fresh is good until there is another: a DNS server that is slow or does not
 * answer takes nobody's pings away.
 *
 * The names stand in the Path of REGISTERs. They should be those of the proxies beside us, but a phone may write a Path too and
 * invent names as it likes. So there is a bound on how many are looked up, and those that are in use are never
 * forgotten for new ones.
 */
export class NameCache {
  readonly #lookup: NameLookup;
  readonly #clock: Clock;
  /** The longest unused first. */
  readonly #entries = new Map<string, Entry>();
  #underWayCount = 0;
  #secondBeganMs = -Infinity;
  #begunInSecond = 0;

  constructor(lookup: NameLookup, clock: Clock) {
    this.#lookup = lookup;
    this.#clock = clock;
  }

  /** Numeric addresses in their one spelling; none when the name does not resolve, or is not known yet. @param name in lower case */
  addresses(name: string): readonly string[] {
    const nowMs = this.#clock.monotonicMs();
    const entry = this.#entries.get(name);
    if (entry === undefined) {
      if (!endsInNumber(name)) this.#enter(name, nowMs);
      return UNKNOWN;
    }
    entry.usedAtMs = nowMs;
    this.#entries.delete(name);
    this.#entries.set(name, entry);
    if (!entry.isUnderWay && nowMs - entry.answeredAtMs >= FRESH_MS && this.#mayAsk(nowMs)) this.#ask(name, entry);
    return entry.addresses;
  }

  #enter(name: string, nowMs: number): void {
    if (!this.#mayAsk(nowMs) || !this.#makeRoom(nowMs)) return;
    const entry: Entry = { addresses: UNKNOWN, answeredAtMs: nowMs, usedAtMs: nowMs, isUnderWay: false };
    this.#entries.set(name, entry);
    this.#ask(name, entry);
  }

  #makeRoom(nowMs: number): boolean {
    if (this.#entries.size < NAMES_MAX) return true;
    const [longestUnused] = this.#entries;
    if (longestUnused === undefined) return false;
    const [name, { usedAtMs }] = longestUnused;
    return nowMs - usedAtMs >= IN_USE_MS && this.#entries.delete(name);
  }

  #mayAsk(nowMs: number): boolean {
    if (nowMs - this.#secondBeganMs >= 1000) {
      this.#secondBeganMs = nowMs;
      this.#begunInSecond = 0;
    }
    return this.#underWayCount < LOOKUPS_MAX && this.#begunInSecond < LOOKUPS_PER_S_MAX;
  }

  #ask(name: string, entry: Entry): void {
    entry.isUnderWay = true;
    this.#underWayCount += 1;
    this.#begunInSecond += 1;
    this.#lookup(name).then(
      (found) =>
        this.#answer(
          entry,
          found.map(numericAddress).filter((address) => address !== undefined),
        ),
      (error: unknown) => this.#answer(entry, isNotFound(error) ? UNKNOWN : entry.addresses),
    );
  }

  #answer(entry: Entry, addresses: readonly string[]): void {
    this.#underWayCount -= 1;
    entry.isUnderWay = false;
    entry.addresses = addresses;
    entry.answeredAtMs = this.#clock.monotonicMs();
  }
}

/**
 * RFC 3261 §25.1: the last label of a name begins with a letter. Systems take `127.1`, `2130706433` and `0x7f.1` for IPv4 addresses,
 * which nobody writes who means well.
 */
function endsInNumber(name: string): boolean {
  return /(?:^|\.)(?:\d+|0x[\da-f]*)\.?$/.test(name);
}

/** That there is no such name, and not that nobody could say. */
function isNotFound(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOTFOUND';
}
