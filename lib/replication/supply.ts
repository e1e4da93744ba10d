import { BUCKETS } from '../location/bucket-digests.ts';
import type { BucketIndex, IndexedAor } from '../location/bucket-index.ts';
import type { AorState } from '../location/record.ts';
import { FRAME } from './frame-type.ts';
import type { DigestsFrame, Pair, PairsFrame } from './frames.ts';
import { frame, wantFrame } from './frames.ts';
import { STATES_FRAME_BYTES, WANTED_MAX } from './limits.ts';
import type { ReplicatedTable } from './ports.ts';
import { ProtocolError } from './protocol-error.ts';
import { writeState } from './state-codec.ts';
import { WireWriter } from './wire-writer.ts';

type SupplyTable = Pick<ReplicatedTable, 'bucketDigest' | 'bucketIndex'>;

/** What the twin has of a bucket, by hash; `anything`: too much to say it. */
type Known = ReadonlyMap<number, readonly Pair[]> | 'anything';

const NOTHING: Known = new Map();

interface SendingBucket {
  readonly aors: Iterator<IndexedAor>;
  readonly known: Known;
}

/** What is to be sent next: a frame; the end mark, once the log up to now went before it; or nothing for now. */
export type Supplied = { readonly kind: 'frame'; readonly bytes: Buffer } | { readonly kind: 'end' } | undefined;

/**
 * The giving half of a reconciliation: the twin says what it has, and gets what it is missing. A bucket with an equal digest is left
 * alone; of the others AoRs are compared one by one, and those that differ are sent whole, as they are when they are sent. What has
 * outlived all older copies makes no difference, and goes along where the twin has something else of the AoR: it decides there about
 * a permanent binding, which it would decide about here alone.
 *
 * What changes meanwhile needs no care: a change of this node's own goes by the log, and one that came from the twin is
 * there already. Memory is bounded: questions about WANTED_MAX buckets are out at a time.
 */
export class Supply {
  readonly #table: SupplyTable;
  readonly #body = new WireWriter();
  #index: BucketIndex | undefined;
  #compared = 0;
  /** Buckets to ask about, and how many have been asked about. */
  #unasked: number[] = [];
  #asked = new Set<number>();
  #ready: { readonly bucket: number; readonly known: Known }[] = [];
  #sending: SendingBucket | undefined;
  /** An AoR of which some records went already. */
  #unfinished: { readonly state: AorState; readonly next: number } | undefined;
  #isRunning = false;
  #sent = 0;

  constructor(table: SupplyTable) {
    this.#table = table;
  }

  get isRunning(): boolean {
    return this.#isRunning;
  }

  /** States sent in this round, and buckets that are dealt with, of BUCKETS. */
  get sent(): number {
    return this.#sent;
  }

  get bucketsDone(): number {
    return this.#compared - this.#unasked.length - this.#asked.size - this.#ready.length;
  }

  /** Digests of some of the twin's buckets; the first of them begin a round. */
  digests({ firstBucket, digests }: DigestsFrame): void {
    if (firstBucket === 0 && !this.#isRunning) this.#begin();
    if (
      !this.#isRunning ||
      firstBucket !== this.#compared ||
      firstBucket + digests.length > BUCKETS ||
      digests.length === 0
    )
      throw new ProtocolError(
        'frame-unexpected',
        `digests from bucket ${firstBucket} on, ${this.#compared} was expected`,
      );
    for (const theirs of digests) this.#compare(this.#compared++, theirs);
  }

  pairs({ bucket, overflow, pairs }: PairsFrame): void {
    if (!this.#asked.delete(bucket))
      throw new ProtocolError('frame-unexpected', `the AoRs of bucket ${bucket}, which was not asked about`);
    this.#ready.push({ bucket, known: overflow ? 'anything' : byHash(pairs) });
  }

  /** @param nowMs cluster time */
  next(nowMs: number): Supplied {
    if (!this.#isRunning) return undefined;
    if (this.#unasked.length > 0 && this.#asked.size < WANTED_MAX / 2 && this.#ready.length < WANTED_MAX)
      return { kind: 'frame', bytes: this.#ask() };
    const bytes = this.#states(nowMs);
    if (bytes !== undefined) return { kind: 'frame', bytes };
    return this.#isExhausted() ? { kind: 'end' } : undefined;
  }

  /** The end mark went out. */
  ended(): void {
    this.#isRunning = false;
    this.#index = undefined;
  }

  #begin(): void {
    this.#isRunning = true;
    this.#index = this.#table.bucketIndex();
    this.#compared = 0;
    this.#unasked = [];
    this.#asked = new Set();
    this.#ready = [];
    this.#sending = undefined;
    this.#unfinished = undefined;
    this.#sent = 0;
  }

  #compare(bucket: number, theirs: { readonly high: number; readonly low: number }): void {
    const { high, low } = this.#table.bucketDigest(bucket);
    if (high === theirs.high && low === theirs.low) return;
    if (this.#index === undefined || this.#index.count(bucket) === 0) return;
    if (theirs.high === 0 && theirs.low === 0) this.#ready.push({ bucket, known: NOTHING });
    else this.#unasked.push(bucket);
  }

  #ask(): Buffer {
    const buckets = this.#unasked.splice(0, WANTED_MAX - this.#asked.size);
    for (const bucket of buckets) this.#asked.add(bucket);
    return wantFrame(buckets);
  }

  #isExhausted(): boolean {
    return (
      this.#compared === BUCKETS &&
      this.#unasked.length === 0 &&
      this.#asked.size === 0 &&
      this.#ready.length === 0 &&
      this.#sending === undefined &&
      this.#unfinished === undefined
    );
  }

  /** As many states as fit into a frame; undefined when there are none to send now. */
  #states(nowMs: number): Buffer | undefined {
    this.#body.clear();
    let count = 0;
    while (this.#body.length < STATES_FRAME_BYTES && this.#writeNext(nowMs)) count++;
    if (count === 0) return undefined;
    this.#sent += count;
    return frame(FRAME.states, (out) => {
      out.u16(count);
      out.octets(this.#body.written());
    });
  }

  /** Writes the next state. An AoR that does not fit goes on in the next frame: each part merges by itself. */
  #writeNext(nowMs: number): boolean {
    const state = this.#unfinished?.state ?? this.#nextState(nowMs);
    if (state === undefined) return false;
    const next = writeState(this.#body, state, this.#unfinished?.next, STATES_FRAME_BYTES);
    this.#unfinished = next < state.records.length ? { state, next } : undefined;
    return true;
  }

  /** The next AoR that the twin has not got like this. */
  #nextState(nowMs: number): AorState | undefined {
    for (;;) {
      const sending = (this.#sending ??= this.#nextBucket(nowMs));
      if (sending === undefined) return undefined;
      const next = sending.aors.next();
      if (next.done === true) this.#sending = undefined;
      else if (isMissing(next.value, sending.known)) return next.value.state;
    }
  }

  #nextBucket(nowMs: number): SendingBucket | undefined {
    const next = this.#ready.shift();
    if (next === undefined || this.#index === undefined) return undefined;
    return { aors: this.#index.states(next.bucket, nowMs), known: next.known };
  }
}

function byHash(pairs: readonly Pair[]): ReadonlyMap<number, readonly Pair[]> {
  return Map.groupBy(pairs, ({ hash }) => hash);
}

/** Whether the twin may have to hear of this AoR. */
function isMissing({ summary, isOutlived }: IndexedAor, known: Known): boolean {
  if (known === 'anything') return true;
  const { hash, check, high, low } = summary;
  const theirs = known.get(hash)?.filter((pair) => pair.check === check) ?? [];
  if (isOutlived) return theirs.length > 0;
  return !theirs.some((pair) => pair.high === high && pair.low === low);
}
