import type { EventQueue } from './event-queue.ts';
import { NODES, otherNode, type NodeName } from './node-name.ts';
import type { SeededRandom } from './seeded-random.ts';
import { Stream } from './stream.ts';

/** A process as its connections see it. */
export interface Endpoint {
  readonly node: NodeName;
  connected(link: number, dialled: boolean): void;
  received(link: number, bytes: Buffer, from: Endpoint): void;
  closed(link: number): void;
}

/** How the network of one history behaves while nothing is wrong. */
export interface NetworkWeather {
  /** One way, at least and at most. */
  readonly leastMs: number;
  readonly mostMs: number;
  /** Into how many pieces what is sent at once comes apart at most. */
  readonly piecesMax: number;
}

class End {
  readonly owner: Endpoint;
  readonly link: number;
  isOpen = false;
  /** What this end sends. */
  stream: Stream | undefined;
  peer: End | undefined;

  constructor(owner: Endpoint, link: number) {
    this.owner = owner;
    this.link = link;
  }
}

interface Dial {
  readonly end: End;
  readonly answer: () => void;
}

/** A connection that was refused says so after so long. */
const REFUSED_AFTER_MS = 5;

/** A dial that nobody answers is given up. */
const DIAL_TIMEOUT_MS = 4000;

/**
 * The network between the two nodes: connections that are streams of bytes, each direction in order, whatever pieces it
 * comes in. It may freeze (nothing arrives, nothing is closed), be cut (both ends hear of it, each in its time, and no
 * connection comes about), be slow, or close a connection at one end only.
 */
export class SimNetwork {
  readonly #queue: EventQueue;
  readonly #random: SeededRandom;
  readonly #weather: NetworkWeather;
  readonly #listeners = new Map<NodeName, Endpoint>();
  #ends: End[] = [];
  #hanging: Dial[] = [];
  #acceptedLinks = 0;
  #cuts = 0;
  readonly #frozen = { A: 0, B: 0 };
  readonly #extraMs = { A: 0, B: 0 };
  /** Octets a millisecond that a node reads; Infinity: all there is. */
  readonly #readRate = { A: Infinity, B: Infinity };
  /** Most octets that were ever under way in one direction. */
  mostUnderWay = 0;

  constructor(queue: EventQueue, random: SeededRandom, weather: NetworkWeather) {
    this.#queue = queue;
    this.#random = random;
    this.#weather = weather;
  }

  get isCut(): boolean {
    return this.#cuts > 0;
  }

  /** Connections that the node holds open, or has not given up. */
  connectionsOf(node: NodeName): number {
    return this.#ends.filter(({ owner }) => owner.node === node).length;
  }

  /** The process takes connections from now on. */
  listen(endpoint: Endpoint): void {
    this.#listeners.set(endpoint.node, endpoint);
  }

  /** @param link the id that `from` knows it by. */
  dial(from: Endpoint, link: number): void {
    const end = new End(from, link);
    this.#ends.push(end);
    this.#queue.after(this.#latencyMs(from.node), () => this.#arriveDial(end));
    this.#queue.after(DIAL_TIMEOUT_MS, () => {
      if (!end.isOpen) this.#tellClosed(end);
    });
  }

  send(from: Endpoint, link: number, bytes: Buffer): void {
    const end = this.#endOf(from, link);
    if (end?.stream === undefined || !end.isOpen) return;
    end.stream.write(bytes);
    this.mostUnderWay = Math.max(this.mostUnderWay, end.stream.underWay);
  }

  /** After what was sent. The other end hears of it. */
  close(from: Endpoint, link: number): void {
    const end = this.#endOf(from, link);
    if (end === undefined) return;
    end.isOpen = false;
    this.#forget(end);
    end.stream?.finish();
  }

  /** The process is gone. `silently`: with its machine, so that nobody tells the other end. */
  processEnded(endpoint: Endpoint, silently: boolean): void {
    if (this.#listeners.get(endpoint.node) === endpoint) this.#listeners.delete(endpoint.node);
    for (const end of this.#ends.filter(({ owner }) => owner === endpoint)) {
      end.isOpen = false;
      this.#forget(end);
      if (silently) end.stream?.drop();
      else end.stream?.finish();
    }
  }

  /** Both ends of each connection hear of it after so long, and nothing connects until `mend`. */
  cut(heardAfterMs: Readonly<Record<NodeName, number>>): void {
    this.#cuts++;
    for (const end of this.#ends) {
      if (end.stream === undefined) continue;
      end.stream.drop();
      this.#queue.after(heardAfterMs[end.owner.node], () => this.#tellClosed(end));
    }
  }

  mend(): void {
    this.#cuts = Math.max(0, this.#cuts - 1);
  }

  /** Nothing arrives at this node. */
  freeze(receiver: NodeName): void {
    this.#frozen[receiver]++;
  }

  thaw(receiver: NodeName): void {
    this.#frozen[receiver] = Math.max(0, this.#frozen[receiver] - 1);
    if (this.#isFrozen()) return;
    for (const { answer } of this.#hanging.splice(0)) answer();
    for (const end of this.#ends) end.peer?.stream?.pump();
  }

  /** This node's ends are closed; the other's do not hear of it until they send something. */
  closeOneEnd(node: NodeName): void {
    for (const end of this.#ends.filter(({ owner, isOpen }) => owner.node === node && isOpen)) {
      end.stream?.drop();
      this.#tellClosed(end);
    }
  }

  /** So much longer takes whatever goes to this node. */
  delay(receiver: NodeName, extraMs: number): void {
    this.#extraMs[receiver] = extraMs;
  }

  /** This node reads only so many octets a millisecond. */
  slow(receiver: NodeName, bytesPerMs: number): void {
    this.#readRate[receiver] = bytesPerMs;
    if (bytesPerMs === Infinity) this.#hurry(receiver);
  }

  /** All that was wrong is right again. */
  heal(): void {
    this.#cuts = 0;
    for (const node of NODES) {
      this.#extraMs[node] = 0;
      this.#readRate[node] = Infinity;
      this.#frozen[node] = 0;
    }
    for (const node of NODES) this.#hurry(node);
    this.thaw('A');
  }

  #hurry(receiver: NodeName): void {
    for (const end of this.#ends) if (end.owner.node === receiver) end.peer?.stream?.hurry(this.#weather.mostMs);
  }

  #arriveDial(end: End): void {
    if (!this.#ends.includes(end)) return;
    if (this.#isFrozen()) {
      this.#hanging.push({ end, answer: () => this.#arriveDial(end) });
      return;
    }
    const listener = this.#listeners.get(otherNode(end.owner.node));
    if (listener === undefined || this.isCut) {
      this.#queue.after(REFUSED_AFTER_MS, () => this.#tellClosed(end));
      return;
    }
    this.#connect(end, listener);
  }

  #connect(dialler: End, listener: Endpoint): void {
    this.#acceptedLinks += 2;
    const accepter = new End(listener, this.#acceptedLinks);
    this.#ends.push(accepter);
    dialler.peer = accepter;
    accepter.peer = dialler;
    dialler.stream = this.#streamTo(dialler, accepter);
    accepter.stream = this.#streamTo(accepter, dialler);
    accepter.isOpen = true;
    // The answer to the dial is the first that the stream to the dialler carries.
    accepter.stream.open(() => {
      if (!this.#ends.includes(dialler)) return;
      dialler.isOpen = true;
      dialler.owner.connected(dialler.link, true);
    });
    listener.connected(accepter.link, false);
  }

  #streamTo(from: End, to: End): Stream {
    const { node } = to.owner;
    return new Stream(this.#queue, this.#random, {
      piecesMax: this.#weather.piecesMax,
      latencyMs: () => this.#latencyMs(from.owner.node),
      bytesPerMs: () => this.#readRate[node],
      isFrozen: () => this.#isFrozen() || this.#frozen[node] > 0,
      arrived: (bytes) => this.#arrive(from, to, bytes),
      finished: () => this.#tellClosed(to),
    });
  }

  #arrive(from: End, to: End, bytes: Buffer): void {
    if (to.isOpen) to.owner.received(to.link, bytes, from.owner);
    else this.#refuse(from);
  }

  /** What arrives at a closed end is answered by a reset. */
  #refuse(from: End): void {
    if (!from.isOpen || this.isCut) return;
    this.#queue.after(this.#latencyMs(otherNode(from.owner.node)), () => {
      if (!this.#isFrozen()) this.#tellClosed(from);
    });
  }

  #tellClosed(end: End): void {
    if (!this.#ends.includes(end)) return;
    end.isOpen = false;
    end.stream?.drop();
    this.#forget(end);
    end.owner.closed(end.link);
  }

  #forget(end: End): void {
    this.#ends = this.#ends.filter((each) => each !== end);
    this.#hanging = this.#hanging.filter((dial) => dial.end !== end);
  }

  #endOf(owner: Endpoint, link: number): End | undefined {
    return this.#ends.find((end) => end.owner === owner && end.link === link);
  }

  /** A network that lets nothing through in one direction makes no connection either. */
  #isFrozen(): boolean {
    return this.#frozen.A > 0 && this.#frozen.B > 0;
  }

  #latencyMs(from: NodeName): number {
    const { leastMs, mostMs } = this.#weather;
    const extraMs = this.#extraMs[otherNode(from)];
    return leastMs + (mostMs - leastMs) * (this.#random.below(1000) / 1000) + extraMs;
  }
}
