import type { Test } from 'tap';
import { Relay, type TcpPlace } from './relay.ts';

/** Both ways on which the nodes of a pair reach each other: whoever dials whom, it goes through here. */
export class PairLink {
  readonly #toOne: Relay;
  readonly #toTwo: Relay;

  private constructor(toOne: Relay, toTwo: Relay) {
    this.#toOne = toOne;
    this.#toTwo = toTwo;
  }

  static async start(t: Test, one: TcpPlace, two: TcpPlace): Promise<PairLink> {
    return new PairLink(await Relay.start(t, one), await Relay.start(t, two));
  }

  /** Where the other node finds this one. */
  placeOf(nodeId: 1 | 2): TcpPlace {
    const { address, port } = nodeId === 1 ? this.#toOne : this.#toTwo;
    return { address, port };
  }

  /** Nothing that this node sends (without one: that any node sends) arrives any more, and nobody is told. */
  freeze(from?: 1 | 2): void {
    this.#each(from, (relay, direction) => relay.freeze(direction));
  }

  thaw(): void {
    this.#toOne.thaw();
    this.#toTwo.thaw();
  }

  /** Resets what there is and refuses what comes. */
  async cut(): Promise<void> {
    await Promise.all([this.#toOne.cut(), this.#toTwo.cut()]);
  }

  async mend(): Promise<void> {
    await Promise.all([this.#toOne.mend(), this.#toTwo.mend()]);
  }

  /** Each way takes so much longer. */
  delay(ms: number): void {
    this.#toOne.delay(ms);
    this.#toTwo.delay(ms);
  }

  throttle(bytesPerSecond: number): void {
    this.#toOne.throttle(bytesPerSecond);
    this.#toTwo.throttle(bytesPerSecond);
  }

  #each(from: 1 | 2 | undefined, act: (relay: Relay, direction: 'there' | 'back' | 'both') => void): void {
    // What node 1 sends goes back on connections that node 2 dialled, and there on its own.
    act(this.#toOne, from === undefined ? 'both' : from === 1 ? 'back' : 'there');
    act(this.#toTwo, from === undefined ? 'both' : from === 1 ? 'there' : 'back');
  }
}
