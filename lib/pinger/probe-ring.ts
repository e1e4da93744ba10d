import { invariant } from '../core/errors.ts';
import type { Random } from '../core/random.ts';
import type { Version } from '../location/version.ts';

/** An OPTIONS that was sent and has neither an answer nor a verdict yet. */
export interface Probe {
  readonly recordId: number;
  /** `PingCells.generationOf` when it was sent. */
  readonly generation: number;
  /** By the clock that stands still while the process does. */
  readonly sentAtMs: number;
  /** The record's version when it was sent. */
  readonly version: Version;
}

/** A probe that nobody answered. */
export interface OverdueProbe extends Probe {
  readonly number: number;
  /** Replies came, but none that is a sign of life. */
  readonly isHeard: boolean;
}

/** What the probe that is about to be sent will be known by. */
export interface ProbeTicket {
  readonly token: string;
  readonly number: number;
  readonly nonce: number;
}

/** Probes that may be out at a time; beyond it nobody is pinged until the oldest is judged. Enough for 40 000 a second that nobody answers. */
export const PROBES_MAX = 131_072;

const LEAST_CAPACITY = 1024;
const WAITING = 0;
const HEARD = 1;
const ANSWERED = 2;
const WITHDRAWN = 3;
const HALF_DIGITS = 8;

interface Columns {
  readonly states: Uint8Array;
  readonly recordIds: Uint32Array;
  readonly generations: Uint32Array;
  readonly nonces: Uint32Array;
  readonly counters: Uint16Array;
  readonly nodeIds: Uint16Array;
  readonly incarnations: Uint32Array;
  readonly sentAtMs: Float64Array;
  readonly versionMs: Float64Array;
}

/**
 * All probes that are out, in the order in which they were sent. A token is a probe's number and 32 random bits: the
 * number finds it, the random bits keep strangers, and replies to an earlier probe in the same place, from counting.
 *
 * Whoever owns the ring passes over its probes from the oldest on, as soon as each is settled or overdue: so it sees
 * what became of all of them in the order of sending, whatever the order of the replies.
 */
export class ProbeRing {
  readonly #random: Random;
  #capacity = LEAST_CAPACITY;
  #columns = columns(LEAST_CAPACITY);
  /** Numbers of the oldest probe and of the next one; they do not start over. */
  #head = 0;
  #tail = 0;
  #settled = 0;
  #lastReplied = -1;

  constructor(random: Random) {
    this.#random = random;
  }

  /** Probes from the oldest one on, settled ones behind it included. */
  get length(): number {
    return this.#tail - this.#head;
  }

  /** Probes without an answer. */
  get unanswered(): number {
    return this.length - this.#settled;
  }

  get isFull(): boolean {
    return this.length >= PROBES_MAX;
  }

  /** How many probes were sent, ever. */
  get sent(): number {
    return this.#tail;
  }

  /** The greatest number of a probe that was replied to, with whatever status; -1 before the first. */
  get lastReplied(): number {
    return this.#lastReplied;
  }

  /** Of the probe that comes next; another at each call. */
  nextTicket(): ProbeTicket {
    const nonce = this.#random.u32();
    return { token: token(this.#tail, nonce), number: this.#tail, nonce };
  }

  /** The probe with the ticket that was made last was sent. Not to be called when the ring is full. */
  push({ number, nonce }: ProbeTicket, { recordId, generation, sentAtMs, version }: Probe): void {
    invariant(!this.isFull, 'nobody is pinged while the ring of probes is full');
    invariant(number === this.#tail, 'a ticket is for the next probe only');
    if (this.length === this.#capacity) this.#grow();
    const place = this.#placeOf(this.#tail++);
    const into = this.#columns;
    into.states[place] = WAITING;
    into.recordIds[place] = recordId;
    into.generations[place] = generation;
    into.nonces[place] = nonce;
    into.sentAtMs[place] = sentAtMs;
    into.versionMs[place] = version.ms;
    into.counters[place] = version.counter;
    into.nodeIds[place] = version.nodeId;
    into.incarnations[place] = version.incarnation;
  }

  /** The number of the probe with this token that is out, or undefined: unknown, forged, settled or judged before. */
  find(text: string): number | undefined {
    const low = Number.parseInt(text.slice(0, HALF_DIGITS), 16) >>> 0;
    const number = this.#head + ((low - this.#head) >>> 0);
    if (number >= this.#tail || this.#isSettled(number)) return undefined;
    return token(number, this.#columns.nonces[this.#placeOf(number)] ?? 0) === text ? number : undefined;
  }

  /** The probe was replied to, but not as a sign of life: it goes on waiting. */
  hear(number: number): void {
    this.#columns.states[this.#placeOf(number)] = HEARD;
    this.#lastReplied = Math.max(this.#lastReplied, number);
  }

  answer(number: number): Probe {
    this.#columns.states[this.#placeOf(number)] = ANSWERED;
    this.#lastReplied = Math.max(this.#lastReplied, number);
    this.#settled++;
    return this.#probe(number);
  }

  /** The probe never left. */
  withdraw(number: number): Probe {
    this.#columns.states[this.#placeOf(number)] = WITHDRAWN;
    this.#settled++;
    return this.#probe(number);
  }

  /** When the oldest probe was sent; Infinity when there is none. */
  get oldestSentAtMs(): number {
    return this.length === 0 ? Infinity : (this.#columns.sentAtMs[this.#placeOf(this.#head)] ?? Infinity);
  }

  /** Takes the oldest probe out, which nobody answered. To be called after `passSettled`, when there is one. */
  passOverdue(): OverdueProbe {
    const number = this.#head;
    const isHeard = this.#columns.states[this.#placeOf(number)] === HEARD;
    this.#head++;
    return { ...this.#probe(number), number, isHeard };
  }

  /** Takes out the settled ones that are the oldest, and tells of those among them that were answered. */
  passSettled(tell: (number: number, sentAtMs: number) => void): void {
    while (this.#head < this.#tail && this.#isSettled(this.#head)) {
      const number = this.#head++;
      const place = this.#placeOf(number);
      this.#settled--;
      if (this.#columns.states[place] === ANSWERED) tell(number, this.#columns.sentAtMs[place] ?? 0);
    }
  }

  /** The first probe from the oldest one on that was replied to, if it is one of the next `most`. */
  firstReplied(most: number): number | undefined {
    const end = Math.min(this.#tail, this.#head + most);
    for (let number = this.#head; number < end; number++) {
      const state = this.#columns.states[this.#placeOf(number)];
      if (state === HEARD || state === ANSWERED) return number;
    }
    return undefined;
  }

  clear(): void {
    this.#head = this.#tail;
    this.#settled = 0;
  }

  #isSettled(number: number): boolean {
    return (this.#columns.states[this.#placeOf(number)] ?? WAITING) >= ANSWERED;
  }

  #probe(number: number): Probe {
    const place = this.#placeOf(number);
    const { recordIds, generations, sentAtMs, versionMs, counters, nodeIds, incarnations } = this.#columns;
    return {
      recordId: recordIds[place] ?? 0,
      generation: generations[place] ?? 0,
      sentAtMs: sentAtMs[place] ?? 0,
      version: {
        ms: versionMs[place] ?? 0,
        counter: counters[place] ?? 0,
        nodeId: nodeIds[place] ?? 0,
        incarnation: incarnations[place] ?? 0,
      },
    };
  }

  #placeOf(number: number): number {
    return number % this.#capacity;
  }

  #grow(): void {
    const old = this.#columns;
    const oldCapacity = this.#capacity;
    this.#capacity = oldCapacity * 2;
    this.#columns = columns(this.#capacity);
    for (let number = this.#head; number < this.#tail; number++) {
      copyPlace(old, number % oldCapacity, this.#columns, number % this.#capacity);
    }
  }
}

function columns(capacity: number): Columns {
  return {
    states: new Uint8Array(capacity),
    recordIds: new Uint32Array(capacity),
    generations: new Uint32Array(capacity),
    nonces: new Uint32Array(capacity),
    counters: new Uint16Array(capacity),
    nodeIds: new Uint16Array(capacity),
    incarnations: new Uint32Array(capacity),
    sentAtMs: new Float64Array(capacity),
    versionMs: new Float64Array(capacity),
  };
}

function copyPlace(from: Columns, source: number, to: Columns, target: number): void {
  to.states[target] = from.states[source] ?? WAITING;
  to.recordIds[target] = from.recordIds[source] ?? 0;
  to.generations[target] = from.generations[source] ?? 0;
  to.nonces[target] = from.nonces[source] ?? 0;
  to.counters[target] = from.counters[source] ?? 0;
  to.nodeIds[target] = from.nodeIds[source] ?? 0;
  to.incarnations[target] = from.incarnations[source] ?? 0;
  to.sentAtMs[target] = from.sentAtMs[source] ?? 0;
  to.versionMs[target] = from.versionMs[source] ?? 0;
}

function token(number: number, nonce: number): string {
  return hex(number >>> 0) + hex(nonce);
}

function hex(word: number): string {
  return word.toString(16).padStart(HALF_DIGITS, '0');
}
