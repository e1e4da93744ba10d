import type { Test } from 'tap';
import { once } from 'node:events';
import { createConnection, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { loopbackAddress } from './free-port.ts';

/** Where a relay listens, or leads to. */
export interface TcpPlace {
  readonly address: string;
  readonly port: number;
}

/** `there`: what the one who connected sends to the target; `back`: what the target sends. */
export type Direction = 'there' | 'back' | 'both';

/** What a direction of the network does to the bytes in it; all connections of a relay share it. */
interface Road {
  isFrozen: boolean;
  delayMs: number;
  bytesPerSecond: number;
}

/**
 * A TCP relay on loopback that stands in for a network: it forwards to `target` until it is told to freeze, cut, delay or
 * throttle. It knows nothing of what it carries.
 */
export class Relay {
  readonly address: string;
  readonly #target: TcpPlace;
  readonly #server: Server;
  readonly #there: Road = openRoad();
  readonly #back: Road = openRoad();
  readonly #carried = new Set<Carried>();
  #port = 0;

  private constructor(target: TcpPlace, address: string) {
    this.#target = target;
    this.address = address;
    // A half that is closed says nothing about the other one.
    this.#server = createServer({ allowHalfOpen: true }, (near) => this.#carry(near));
  }

  /** It ends with the test, and all that it carries. */
  static async start(t: Test, target: TcpPlace): Promise<Relay> {
    const relay = new Relay(target, loopbackAddress());
    await relay.mend();
    t.teardown(() => relay.cut());
    return relay;
  }

  get port(): number {
    return this.#port;
  }

  /** Connections that it carries now. */
  get connections(): number {
    return this.#carried.size;
  }

  /** From now on nothing is forwarded and nothing is closed: packets are lost without a word. New connections are taken and go nowhere either. */
  freeze(direction: Direction = 'both'): void {
    for (const road of this.#roads(direction)) road.isFrozen = true;
  }

  /** What was sent meanwhile arrives now, as TCP does when packets get through again. */
  thaw(direction: Direction = 'both'): void {
    for (const road of this.#roads(direction)) road.isFrozen = false;
    this.#resume();
  }

  /** Resets all connections; new ones are refused until `mend`. What was under way is lost. Resolves when nobody can connect. */
  async cut(): Promise<void> {
    for (const carried of this.#carried) carried.reset();
    if (!this.#server.listening) return;
    const closed = once(this.#server, 'close');
    this.#server.close();
    await closed;
  }

  /** Takes connections again, at the same place. */
  async mend(): Promise<void> {
    if (this.#server.listening) return;
    this.#server.listen(this.#port, this.address);
    await once(this.#server, 'listening');
    this.#port = (this.#server.address() as AddressInfo).port;
  }

  /** All that comes from now on arrives so much later; 0 ends it. */
  delay(ms: number, direction: Direction = 'both'): void {
    for (const road of this.#roads(direction)) road.delayMs = ms;
  }

  /** No more than so many bytes a second in each direction of each connection; Infinity ends it. */
  throttle(bytesPerSecond: number, direction: Direction = 'both'): void {
    for (const road of this.#roads(direction)) road.bytesPerSecond = bytesPerSecond;
    this.#resume();
  }

  #roads(direction: Direction): readonly Road[] {
    if (direction === 'both') return [this.#there, this.#back];
    return [direction === 'there' ? this.#there : this.#back];
  }

  #carry(near: Socket): void {
    const carried = new Carried(near, this.#target, this.#there, this.#back);
    this.#carried.add(carried);
    void carried.ended.then(() => this.#carried.delete(carried));
  }

  #resume(): void {
    for (const carried of this.#carried) carried.resume();
  }
}

function openRoad(): Road {
  return { isFrozen: false, delayMs: 0, bytesPerSecond: Infinity };
}

/** One connection through the relay. */
class Carried {
  readonly ended: Promise<unknown>;
  readonly #near: Socket;
  readonly #far: Socket;
  readonly #lanes: readonly Lane[];

  constructor(near: Socket, target: TcpPlace, there: Road, back: Road) {
    this.#near = near;
    this.#far = createConnection({ host: target.address, port: target.port, allowHalfOpen: true, noDelay: true });
    near.setNoDelay(true);
    this.#lanes = [new Lane(near, this.#far, there), new Lane(this.#far, near, back)];
    const closed = [near, this.#far].map((socket) => new Promise((resolve) => socket.once('close', resolve)));
    this.ended = Promise.all(closed);
  }

  reset(): void {
    for (const lane of this.#lanes) lane.stop();
    reset(this.#near);
    reset(this.#far);
  }

  resume(): void {
    for (const lane of this.#lanes) lane.forward();
  }
}

/** Bytes that a lane holds before it stops to read; a sender whose packets get lost fills its own buffers too. */
const HELD_BYTES_MAX = 1 << 20;
/** A throttled lane sends at least so many pieces a second, so that its rate is even. */
const PIECES_PER_S = 50;

/** What comes out of one socket, on its way into the other one. */
type Held =
  | { readonly kind: 'bytes'; readonly bytes: Buffer; readonly dueMs: number }
  | { readonly kind: 'end' | 'reset'; readonly dueMs: number };

class Lane {
  readonly #from: Socket;
  readonly #to: Socket;
  readonly #road: Road;
  readonly #held: Held[] = [];
  #heldBytes = 0;
  #freeAtMs = 0;
  #timer: NodeJS.Timeout | undefined;
  #isStopped = false;

  constructor(from: Socket, to: Socket, road: Road) {
    this.#from = from;
    this.#to = to;
    this.#road = road;
    from.on('data', (bytes) => this.#take({ kind: 'bytes', bytes, dueMs: this.#dueMs() }));
    from.on('end', () => this.#take({ kind: 'end', dueMs: this.#dueMs() }));
    from.on('error', () => this.#take({ kind: 'reset', dueMs: this.#dueMs() }));
    to.on('drain', () => this.forward());
  }

  stop(): void {
    this.#isStopped = true;
    clearTimeout(this.#timer);
  }

  /** Passes on what is due, in order, and comes back for the rest. */
  forward(): void {
    clearTimeout(this.#timer);
    while (!this.#isStopped && !this.#road.isFrozen && !this.#to.writableNeedDrain) {
      const [first] = this.#held;
      if (first === undefined) break;
      const waitMs = Math.max(first.dueMs, this.#freeAtMs) - performance.now();
      if (waitMs > 0) {
        this.#timer = setTimeout(() => this.forward(), waitMs);
        break;
      }
      this.#pass(first);
    }
    if (this.#heldBytes < HELD_BYTES_MAX && this.#from.isPaused()) this.#from.resume();
  }

  #take(held: Held): void {
    this.#held.push(held);
    if (held.kind === 'bytes') this.#heldBytes += held.bytes.length;
    if (this.#heldBytes >= HELD_BYTES_MAX) this.#from.pause();
    this.forward();
  }

  #pass(held: Held): void {
    this.#held.shift();
    if (held.kind === 'bytes') this.#write(held);
    else if (held.kind === 'end') this.#to.end();
    else reset(this.#to);
  }

  #write({ bytes, dueMs }: Held & { readonly kind: 'bytes' }): void {
    const { bytesPerSecond } = this.#road;
    const most = Math.max(1, Math.floor(bytesPerSecond / PIECES_PER_S));
    const piece = bytes.length > most ? bytes.subarray(0, most) : bytes;
    if (piece.length < bytes.length) this.#held.unshift({ kind: 'bytes', bytes: bytes.subarray(most), dueMs });
    this.#heldBytes -= piece.length;
    this.#freeAtMs = Math.max(this.#freeAtMs, performance.now()) + (piece.length / bytesPerSecond) * 1000;
    this.#to.write(piece);
  }

  #dueMs(): number {
    return performance.now() + this.#road.delayMs;
  }
}

/** Node 24 never closes a handle that is reset while its half is being closed, and the process does not end. */
function reset(socket: Socket): void {
  if (socket.writableEnded) socket.destroy();
  else socket.resetAndDestroy();
}
