import type { Connection } from './connection.ts';
import { newConnection } from './connection.ts';
import type { Goodbye } from './goodbye.ts';
import { goodbyeFrame } from './goodbye.ts';
import type { Greeting, GreetingOutcome } from './greeting.ts';
import { GREETING_LINKS_MAX, GREETING_TIMEOUT_MS } from './limits.ts';
import { ProtocolError } from './protocol-error.ts';

/** What a greeting came to, beyond frames to send. */
export type Greeted = Exclude<GreetingOutcome, { readonly kind: 'send' }>;

/** What becomes of connections is decided by the one who has the link. */
export interface ReceptionOwner {
  /** The link to the twin, if this connection is it. */
  isLink(link: number): boolean;
  /** A frame on the link. Throws a ProtocolError. */
  linkFrame(type: number, body: Buffer): void;
  /** What the greeting on another connection came to, beyond frames that it sends. */
  greeted(connection: Connection, outcome: Greeted): void;
  /** The other end broke the protocol; its connection ends with this goodbye. */
  brokeProtocol(connection: Connection, error: ProtocolError, goodbye: Goodbye): void;
  /** Somebody who has not proved who it is has to go, with this word. */
  sendAway(connection: Connection, goodbye: Goodbye): void;
  /** A connection is gone, by whichever end. */
  gone(link: number): void;
  send(link: number, bytes: Buffer): void;
  close(link: number): void;
}

/**
 * All connections, and the greetings on those that are not the link: cuts what comes into frames and hands them on, keeps
 * strangers few and short, and ends a connection with a word.
 */
export class Reception {
  readonly #owner: ReceptionOwner;
  readonly #connections = new Map<number, Connection>();

  constructor(owner: ReceptionOwner) {
    this.#owner = owner;
  }

  /** Whether there is any connection. */
  get isEmpty(): boolean {
    return this.#connections.size === 0;
  }

  all(): readonly Connection[] {
    return [...this.#connections.values()];
  }

  find(link: number): Connection | undefined {
    return this.#connections.get(link);
  }

  /** A connection is open: this node says hello first, and so does the other. */
  enter(link: number, dialled: boolean, greeting: Greeting, nowMs: number): void {
    if (this.#connections.size >= GREETING_LINKS_MAX) this.#makeRoom();
    this.#connections.set(link, newConnection(link, dialled, greeting, nowMs + GREETING_TIMEOUT_MS));
    this.#owner.send(link, greeting.hello());
  }

  received(link: number, bytes: Buffer, clusterMs: number): void {
    const connection = this.#connections.get(link);
    if (connection === undefined) return;
    try {
      connection.splitter.push(bytes, (type, body) => this.#frame(connection, type, body, clusterMs));
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      const text = `${error.code}: ${error.message}`;
      this.#owner.brokeProtocol(connection, error, { reason: 'protocol-error', text });
    }
  }

  /** The other end, or the network, has closed it. */
  closed(link: number): void {
    if (this.#connections.delete(link)) this.#owner.gone(link);
  }

  sayGoodbye(link: number, goodbye: Goodbye): void {
    if (!this.#connections.has(link)) return;
    this.#owner.send(link, goodbyeFrame(goodbye));
    this.drop(link);
  }

  drop(link: number): void {
    if (!this.#connections.delete(link)) return;
    this.#owner.close(link);
    this.#owner.gone(link);
  }

  /** Sends away those who have not proved in time who they are. */
  expire(nowMs: number): void {
    if (nowMs < this.dueMs) return;
    const text = `no proof of who is there within ${GREETING_TIMEOUT_MS / 1000} s`;
    for (const connection of this.all()) {
      if (connection.deadlineMs > nowMs || this.#owner.isLink(connection.link)) continue;
      this.#owner.sendAway(connection, { reason: 'timeout', text });
    }
  }

  /** Monotonic: when `expire` has something to do. */
  get dueMs(): number {
    let dueMs = Infinity;
    for (const { link, deadlineMs } of this.#connections.values()) {
      if (!this.#owner.isLink(link)) dueMs = Math.min(dueMs, deadlineMs);
    }
    return dueMs;
  }

  /** @returns whether frames behind it on this connection still count */
  #frame(connection: Connection, type: number, body: Buffer, clusterMs: number): boolean {
    const { link, greeting } = connection;
    if (this.#owner.isLink(link)) this.#owner.linkFrame(type, body);
    else {
      const outcome = greeting.take(type, body, clusterMs);
      if (outcome.kind === 'send') this.#owner.send(link, outcome.bytes);
      else this.#owner.greeted(connection, outcome);
    }
    return this.#connections.has(link);
  }

  /** Who comes last is as likely to be the twin as who came first; and the twin is quick, so the oldest goes. */
  #makeRoom(): void {
    for (const connection of this.#connections.values()) {
      if (this.#owner.isLink(connection.link)) continue;
      const text = `more than ${GREETING_LINKS_MAX} connections have not proved who they are`;
      return this.#owner.sendAway(connection, { reason: 'too-many', text });
    }
  }
}
