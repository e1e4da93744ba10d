import type { Tally } from './aor-codec.ts';
import type { AorStore } from './aor-store.ts';
import type { HiddenHere } from './hidden-here.ts';
import { hiddenHereIn } from './hidden-here.ts';
import type { AorState } from './record.ts';
import type { StoredAor } from './stored-aor.ts';
import type { ViewRules } from './view.ts';
import { isAlive, liveRecords } from './view.ts';

/** What the table counts. OpenSIPS's `<table>-users`, `-contacts` and `-expires` are the first three. */
export interface LocationStatistics {
  /** AoRs that show a binding. */
  readonly users: number;
  /** Bindings shown. */
  readonly contacts: number;
  /** Bindings that passed their expiry, since the start. */
  readonly expires: number;
  /** Records in memory, dead ones included. */
  readonly records: number;
  /** Of these removed, judged gone, expired or below the floor. */
  readonly deadRecords: number;
  /** AoRs in memory, those with nothing alive included. */
  readonly aors: number;
  readonly floors: number;
}

const NO_TALLY: Tally = { live: 0, dead: 0 };
const ONE_LIVE: Tally = { live: 1, dead: 0 };
const ONE_DEAD: Tally = { live: 0, dead: 1 };

/**
 * The sums over all AoRs, kept by difference: what they count of an AoR is remembered in its block, since time has passed
 * when it changes the next time.
 */
export class Gauges {
  readonly #store: AorStore;
  readonly #rules: ViewRules;
  #users = 0;
  #contacts = 0;
  #expires = 0;
  #records = 0;
  #deadRecords = 0;
  #floors = 0;

  constructor(store: AorStore, rules: ViewRules) {
    this.#store = store;
    this.#rules = rules;
  }

  statistics(): LocationStatistics {
    return {
      users: this.#users,
      contacts: this.#contacts,
      expires: this.#expires,
      records: this.#records,
      deadRecords: this.#deadRecords,
      aors: this.#store.size,
      floors: this.#floors,
    };
  }

  /** Counts the AoR as it now is, instead of as it was. */
  recount(before: AorState | undefined, after: StoredAor, nowMs: number): Tally {
    const was = before === undefined ? NO_TALLY : this.#store.tallyOf(after.slot);
    const is = tallyOf(after, nowMs, this.#rules, hiddenHereIn(after, this.#store.hiddenHere));
    this.#move(before, was, after.state, is);
    if (is.live !== was.live || is.dead !== was.dead) this.#store.setTally(after.slot, is);
    return is;
  }

  /** The AoR is no more; `was` is what its block remembered. */
  gone(before: AorState, was: Tally): void {
    this.#move(before, was, undefined, NO_TALLY);
  }

  expired(): void {
    this.#expires++;
  }

  #move(before: AorState | undefined, was: Tally, after: AorState | undefined, is: Tally): void {
    this.#users += Math.sign(is.live) - Math.sign(was.live);
    this.#contacts += is.live - was.live;
    this.#deadRecords += is.dead - was.dead;
    this.#records += recordCount(after) - recordCount(before);
    this.#floors += floorCount(after) - floorCount(before);
  }
}

function tallyOf(
  { state, hidden }: StoredAor,
  nowMs: number,
  rules: ViewRules,
  isHiddenHere: HiddenHere | undefined,
): Tally {
  const { records, floor } = state;
  const only = records[0];
  if (only === undefined) return NO_TALLY;
  if (records.length === 1) {
    if (!isAlive(only, floor, nowMs)) return ONE_DEAD;
    return isHiddenHere?.(only) === true ? NO_TALLY : ONE_LIVE;
  }
  const dead = records.reduce((sum, record) => (isAlive(record, floor, nowMs) ? sum : sum + 1), 0);
  return { live: liveRecords(state, nowMs, rules, hidden, isHiddenHere).length, dead };
}

function recordCount(state: AorState | undefined): number {
  return state === undefined ? 0 : state.records.length;
}

function floorCount(state: AorState | undefined): number {
  return state?.floor === undefined ? 0 : 1;
}
