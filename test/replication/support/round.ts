import type { LocationTable } from '../../../lib/location/location-table.ts';
import type { AorState } from '../../../lib/location/record.ts';
import { FRAME } from '../../../lib/replication/frame-type.ts';
import { Pull } from '../../../lib/replication/pull.ts';
import { Supply } from '../../../lib/replication/supply.ts';
import * as naive from './naive-codec.ts';

type Asker = ConstructorParameters<typeof Pull>[0] & Pick<LocationTable, 'merge'>;
type Giver = ConstructorParameters<typeof Supply>[0];

/** One round of a reconciliation between two tables, frame by frame, with the naive codec as the wire. */
export class Round {
  readonly pull: Pull;
  readonly supply: Supply;
  /** Types of all frames, in order. */
  readonly types: number[] = [];
  /** What travelled. */
  readonly states: AorState[] = [];
  readonly pairs: { readonly bucket: number; readonly overflow: boolean; readonly count: number }[] = [];
  /** Octets of the longest frame. */
  longest = 0;
  /** Buckets that were asked about and not answered, at most. */
  mostAsked = 0;
  readonly #asker: Asker;
  readonly #nowMs: number;
  #asked = 0;

  constructor(asker: Asker, giver: Giver, nowMs: number) {
    this.#asker = asker;
    this.#nowMs = nowMs;
    this.pull = new Pull(asker);
    this.supply = new Supply(giver);
    this.pull.begin();
  }

  /** @param between called after each frame, for what changes meanwhile */
  run(between: () => void = () => undefined): this {
    while (this.pull.isRunning) {
      const question = this.pull.nextFrame(this.#nowMs);
      if (question !== undefined) this.#ask(question);
      const supplied = this.supply.next(this.#nowMs);
      if (supplied?.kind === 'end') this.#end();
      else if (supplied !== undefined) this.#give(supplied.bytes);
      else if (question === undefined) throw new Error('nobody says anything, and there is no end');
      between();
    }
    return this;
  }

  #ask(bytes: Buffer): void {
    const [{ type, body } = { type: 0, body: [] }] = naive.readFrames(bytes);
    this.#count(type, bytes);
    if (type === FRAME.digests) return this.supply.digests(naive.readDigests(body));
    const pairs = naive.readPairs(body);
    this.pairs.push({ bucket: pairs.bucket, overflow: pairs.overflow, count: pairs.pairs.length });
    this.#asked--;
    this.supply.pairs(pairs);
  }

  #give(bytes: Buffer): void {
    const [{ type, body } = { type: 0, body: [] }] = naive.readFrames(bytes);
    this.#count(type, bytes);
    if (type === FRAME.want) {
      const buckets = naive.readWant(body);
      this.#asked += buckets.length;
      this.mostAsked = Math.max(this.mostAsked, this.#asked);
      return this.pull.want(buckets);
    }
    const states = naive.readStates(body);
    this.states.push(...states);
    this.pull.took(states.length);
    for (const state of states) this.#asker.merge(state, 'peer', this.#nowMs);
  }

  #end(): void {
    this.types.push(FRAME.end);
    this.supply.ended();
    this.pull.end();
  }

  #count(type: number, bytes: Buffer): void {
    this.types.push(type);
    this.longest = Math.max(this.longest, bytes.length);
  }
}
