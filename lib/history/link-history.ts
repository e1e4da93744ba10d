import type { DirectionState, ReplicatorEvent } from '../replication/replicator-types.ts';
import type { HistoryWriter } from './history-writer.ts';

type EventOf<Name extends ReplicatorEvent['event']> = Extract<ReplicatorEvent, { readonly event: Name }>;

const LINKED: ReadonlySet<DirectionState> = new Set(['reconciling', 'in-sync', 'lagging']);

/** Below this a time that was taken over is what clocks differ by anyway. */
const CLOCK_SHIFT_TOLD_MS = 1000;

/**
 * What there is to say of the twin: whether it is linked, and in sync, and why not. A refusal that ends the link is told as the reason of
 * that end, and so comes before it; a link that ends without one is broken.
 */
export class LinkHistory {
  readonly #history: HistoryWriter;
  readonly #twinId: () => number | undefined;
  #isUp = false;
  #isStopping = false;
  /** Directions that have been in sync since the link came up. */
  readonly #synced = new Set<string>();
  /** Why the link is about to end. */
  #goodbye: EventOf<'refused'> | undefined;

  constructor(history: HistoryWriter, twinId: () => number | undefined) {
    this.#history = history;
    this.#twinId = twinId;
  }

  /** This node is about to say goodbye. */
  stopping(): void {
    this.#isStopping = true;
  }

  /** @param isRepeated it was told within the last minute */
  happened(event: ReplicatorEvent, isRepeated: boolean): void {
    switch (event.event) {
      case 'agreed':
        this.#isUp = true;
        return this.#history.record('link-up', `to ${this.#twin}`);
      case 'refused':
        return this.#refused(event, isRepeated);
      case 'state':
        if (!LINKED.has(event.to)) this.#unlinked();
        return this.#direction(event.to, `to ${this.#twin}`, OUTGOING);
      case 'incoming-state':
        return this.#direction(event.to, `from ${this.#twin}`, INCOMING);
      case 'reconciled':
        return this.#reconciled(event);
      case 'clock':
        return this.#clock(event);
      case 'protocol-error':
      case 'synced':
      case 'max-contacts':
      case 'listeners':
      case 'twin-role':
        return;
    }
  }

  get #twin(): string {
    const id = this.#twinId();
    return id === undefined ? 'the other node' : `node ${String(id)}`;
  }

  #refused(event: EventOf<'refused'>, isRepeated: boolean): void {
    if (event.isLink) this.#goodbye = event;
    else if (!isRepeated) this.#history.record('refused', this.#refusalText(event));
  }

  #unlinked(): void {
    const goodbye = this.#goodbye;
    this.#goodbye = undefined;
    if (!this.#isUp) return;
    this.#isUp = false;
    this.#history.record('link-down', this.#isStopping ? 'this node stops' : this.#endText(goodbye));
  }

  #endText(goodbye: EventOf<'refused'> | undefined): string {
    if (goodbye !== undefined) return this.#refusalText(goodbye);
    return `the connection to ${this.#twin} broke: its process was killed, or its machine or the network failed`;
  }

  #refusalText({ by, reason, text }: EventOf<'refused'>): string {
    return `by ${by === 'us' ? 'this node' : this.#twin} (${reason}): ${text}`;
  }

  /** A direction that has just been brought up to date lags for a moment, which is no news. */
  #direction(to: DirectionState, name: string, meanings: Readonly<Record<'in-sync' | 'lagging', string>>): void {
    if (to === 'in-sync') this.#synced.add(name);
    else if (to !== 'lagging') this.#synced.delete(name);
    else if (!this.#synced.has(name)) return;
    if (to === 'in-sync' || to === 'lagging') this.#history.record(to, `${name}: ${meanings[to]}`);
  }

  /** The check that comes now and then is worth a line only where it found something. */
  #reconciled({ tookMs, received, changed }: EventOf<'reconciled'>): void {
    if (received === 0 && changed === 0) return;
    const seconds = (tookMs / 1000).toFixed(1);
    const text = `with ${this.#twin} in ${seconds} s: users that came ${String(received)}, of them different ${String(changed)}`;
    this.#history.record('reconciled', text);
  }

  #clock({ shiftedMs }: EventOf<'clock'>): void {
    if (Math.abs(shiftedMs) < CLOCK_SHIFT_TOLD_MS) return;
    const seconds = (Math.abs(shiftedMs) / 1000).toFixed(1);
    const way = shiftedMs > 0 ? 'ahead' : 'back';
    this.#history.record('clock', `the pair's time went ${seconds} s ${way} here: it is that of ${this.#twin} now`);
  }
}

const OUTGOING = {
  'in-sync': 'replies here wait until it has the change',
  lagging: 'it does not keep up, replies here do not wait for it',
} as const;

const INCOMING = {
  'in-sync': 'replies there wait for this node',
  lagging: 'replies there do not wait for this node',
} as const;
