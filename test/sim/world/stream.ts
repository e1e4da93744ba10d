import type { EventQueue, ScheduledEvent } from './event-queue.ts';
import type { SeededRandom } from './seeded-random.ts';

export interface StreamPorts {
  readonly piecesMax: number;
  latencyMs(): number;
  bytesPerMs(): number;
  isFrozen(): boolean;
  arrived(bytes: Buffer): void;
  finished(): void;
}

type Item = { readyAtMs: number } & (
  | { readonly kind: 'bytes'; readonly bytes: Buffer }
  | { readonly kind: 'open'; readonly run: () => void }
  | { readonly kind: 'end' }
);

/**
 * One direction of a connection: what is written arrives in order, late, taken apart and put together anew. The sender's
 * bytes are not copied before they arrive, as a socket would hold on to them.
 */
export class Stream {
  readonly #queue: EventQueue;
  readonly #random: SeededRandom;
  readonly #ports: StreamPorts;
  #items: Item[] = [];
  #lastReadyMs = 0;
  #isDropped = false;
  #pump: ScheduledEvent | undefined;
  #pumpAtMs = Infinity;
  underWay = 0;

  constructor(queue: EventQueue, random: SeededRandom, ports: StreamPorts) {
    this.#queue = queue;
    this.#random = random;
    this.#ports = ports;
  }

  open(run: () => void): void {
    this.#add({ kind: 'open', run, readyAtMs: this.#readyAtMs(0) });
  }

  write(bytes: Buffer): void {
    this.underWay += bytes.length;
    let at = 0;
    const most = Math.ceil(bytes.length / this.#random.between(1, this.#ports.piecesMax));
    while (at < bytes.length) {
      const end = Math.min(bytes.length, at + this.#random.between(1, 2 * most));
      const piece = bytes.subarray(at, end);
      this.#add({ kind: 'bytes', bytes: piece, readyAtMs: this.#readyAtMs(piece.length) });
      at = end;
    }
  }

  /** The other end hears of the end after all that was written. */
  finish(): void {
    this.#add({ kind: 'end', readyAtMs: this.#readyAtMs(0) });
  }

  /** What is under way is lost, and nobody hears of it. */
  drop(): void {
    this.#isDropped = true;
    this.#items = [];
  }

  /** What was slow is not slow any more: all that is under way arrives within so long. */
  hurry(withinMs: number): void {
    const latestMs = this.#queue.nowMs + withinMs;
    for (const item of this.#items) item.readyAtMs = Math.min(item.readyAtMs, latestMs);
    this.#lastReadyMs = Math.min(this.#lastReadyMs, latestMs);
    this.#planPump();
  }

  /** Something may move again. */
  pump(): void {
    for (let item = this.#items[0]; item !== undefined && this.#isReady(item); item = this.#items[0]) {
      this.#items.shift();
      if (item.kind === 'open') item.run();
      else if (item.kind === 'end') this.#ports.finished();
      else this.#deliver(item.bytes);
    }
    this.#planPump();
  }

  #deliver(first: Buffer): void {
    const pieces = [first];
    // Several pieces that are there already may be read at once.
    for (let next = this.#items[0]; next?.kind === 'bytes' && this.#isReady(next); next = this.#items[0]) {
      if (this.#random.chance(0.3)) break;
      this.#items.shift();
      pieces.push(next.bytes);
    }
    const bytes = Buffer.concat(pieces);
    this.underWay -= bytes.length;
    this.#ports.arrived(bytes);
  }

  #add(item: Item): void {
    if (this.#isDropped) return;
    this.#items.push(item);
    this.#planPump();
  }

  #planPump(): void {
    const first = this.#items[0];
    if (first === undefined || first.readyAtMs >= this.#pumpAtMs || this.#ports.isFrozen()) return;
    this.#pump?.cancel();
    this.#pumpAtMs = first.readyAtMs;
    this.#pump = this.#queue.at(first.readyAtMs, () => {
      this.#pumpAtMs = Infinity;
      this.pump();
    });
  }

  #isReady({ readyAtMs }: Item): boolean {
    return readyAtMs <= this.#queue.nowMs && !this.#ports.isFrozen();
  }

  #readyAtMs(bytes: number): number {
    const rate = this.#ports.bytesPerMs();
    const transferMs = rate === Infinity ? 0 : bytes / rate;
    this.#lastReadyMs = Math.max(this.#queue.nowMs + this.#ports.latencyMs(), this.#lastReadyMs) + transferMs;
    return this.#lastReadyMs;
  }
}
