import type { Test } from 'tap';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createConnection, type Socket } from 'node:net';
import { HORIZON_S } from '../../lib/location/horizon.ts';
import { authFrame, type AuthTimes } from '../../lib/replication/auth.ts';
import { FrameSplitter } from '../../lib/replication/frame-splitter.ts';
import { FRAME, HEAD_BYTES, TAIL_BYTES } from '../../lib/replication/frame-type.ts';
import { startFrame, type StartFrame } from '../../lib/replication/frames.ts';
import { readGoodbye, type Goodbye } from '../../lib/replication/goodbye.ts';
import { helloFrame, readHello, readHelloVersions, type Hello } from '../../lib/replication/hello.ts';
import { PROTOCOL_VERSION } from '../../lib/replication/limits.ts';
import { WireReader } from '../../lib/replication/wire-reader.ts';

/** Where a daemon listens for its twin. */
export interface TwinPlace {
  readonly address: string;
  readonly binPort: number;
}

export interface Greeting {
  readonly hello?: Partial<Hello>;
  readonly secrets?: readonly string[];
  /** By how much the clock of this end is ahead of the machine's. */
  readonly aheadMs?: number;
  readonly start?: Partial<StartFrame>;
}

/** What both ends have in tests. */
export const CLUSTER_SECRET = '0123456789abcdef0123456789abcdef';

/** The daemon sends no frame as long as this. */
const FRAME_BYTES_MAX = 4 << 20;

interface Frame {
  readonly type: number;
  readonly body: Buffer;
}

/**
 * The other end of a replication connection as a script: a TCP socket to a daemon, frames made with whatever a test wants
 * in them, and what the daemon sent, frame by frame. By itself it says nothing and answers nothing.
 */
export class RawTwin {
  readonly socket: Socket;
  /** Everything that was sent, for who wants to send it again, or a part of it. */
  readonly sent: Buffer[] = [];
  /** By how much the clock of this end is ahead of the machine's. */
  aheadMs = 0;
  readonly #closed: Promise<void>;
  readonly #splitter = new FrameSplitter(FRAME_BYTES_MAX);
  readonly #frames: Frame[] = [];
  #goodbye: Goodbye | undefined;
  #isClosed = false;
  #leftToSend = Infinity;
  #arrived = Promise.withResolvers<void>();
  #taker: ((type: number, body: Buffer) => void) | undefined;

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.setNoDelay(true);
    socket.on('error', () => undefined); // It is followed by the close.
    socket.on('data', (bytes: Buffer) => this.#received(bytes));
    this.#closed = new Promise((resolve) => socket.once('close', () => resolve()));
    socket.once('close', () => {
      this.#isClosed = true;
      this.#wake();
    });
  }

  /** The connection ends with the test at the latest. */
  static async connect(t: Test, { address, binPort }: TwinPlace): Promise<RawTwin> {
    const socket = createConnection({ host: address, port: binPort });
    t.teardown(() => socket.destroy());
    const twin = new RawTwin(socket);
    await once(socket, 'connect');
    return twin;
  }

  /** A connection that the daemon dialled. */
  static accepted(t: Test, socket: Socket): RawTwin {
    t.teardown(() => socket.destroy());
    return new RawTwin(socket);
  }

  /** Cluster time at this end. */
  clockMs(): number {
    return Date.now() + this.aheadMs;
  }

  /** Octets as they are. */
  send(...frames: readonly Uint8Array[]): void {
    for (const bytes of frames) {
      this.sent.push(Buffer.from(bytes));
      if (bytes.length < this.#leftToSend) this.socket.write(bytes);
      else if (this.#leftToSend >= 0) this.socket.end(bytes.subarray(0, this.#leftToSend));
      this.#leftToSend -= bytes.length;
    }
  }

  /** When so many octets were sent in all, the connection is closed, and what is sent then is nowhere. */
  cutAfter(octets: number): void {
    this.#leftToSend = octets;
  }

  /** The next frame of this type; others before it are dropped. Rejects when the connection ends without it. */
  async frame(type: number): Promise<Buffer> {
    for (;;) {
      for (let frame = this.#frames.shift(); frame !== undefined; frame = this.#frames.shift()) {
        if (frame.type === type) return frame.body;
      }
      if (this.#isClosed)
        throw new Error(`no frame of type ${type}, but ${JSON.stringify(this.#goodbye ?? 'the end')}`);
      await this.#arrived.promise;
    }
  }

  /** From now on frames are handed to `take` as they come, those that wait at once; `frame` does not see them. */
  follow(take: (type: number, body: Buffer) => void): void {
    this.#taker = take;
    for (let frame = this.#frames.shift(); frame !== undefined; frame = this.#frames.shift()) {
      take(frame.type, frame.body);
    }
  }

  /** Resolves when the connection is over, with the daemon's goodbye if it said one. */
  async ended(): Promise<Goodbye | undefined> {
    await this.#closed;
    return this.#goodbye;
  }

  /** Ends the connection, and resolves when both ends have. */
  async close(): Promise<void> {
    this.socket.destroy();
    await this.#closed;
  }

  /** The daemon's hello. */
  async theirHello(): Promise<{ readonly hello: Hello; readonly body: Buffer }> {
    const body = await this.frame(FRAME.hello);
    const reader = new WireReader(body);
    return { hello: readHello(readHelloVersions(reader), reader), body };
  }

  /** Says hello and proves itself; the outcome is for the test to see. */
  async greet({ hello, secrets = [CLUSTER_SECRET], aheadMs = 0 }: Greeting = {}): Promise<Hello> {
    this.aheadMs = aheadMs;
    const own = helloFrame(helloWith({ clockMs: this.clockMs(), usesSecret: secrets.length > 0, ...hello }));
    this.send(own);
    const theirs = await this.theirHello();
    this.prove(own, theirs.body, secrets);
    return theirs.hello;
  }

  /** Sends the proofs over this hello of ours and the body of theirs. */
  prove(
    own: Buffer,
    theirBody: Buffer,
    secrets: readonly string[] = [CLUSTER_SECRET],
    times: AuthTimes = { helloReceivedAtMs: this.clockMs(), sentAtMs: this.clockMs() },
  ): void {
    this.send(authFrame(secrets, bodyOf(own), theirBody, times));
  }

  /** Says hello, proves itself, starts as one who has met nobody, and awaits the daemon's start. */
  async link(greeting: Greeting = {}): Promise<{ readonly hello: Hello; readonly startBody: Buffer }> {
    const hello = await this.greet(greeting);
    const startBody = await this.frame(FRAME.start);
    this.send(startFrame({ canResume: false, resumeAfter: 0, head: 0, ...greeting.start }));
    return { hello, startBody };
  }

  #received(bytes: Buffer): void {
    this.#splitter.push(bytes, (type, body) => {
      if (type === FRAME.goodbye) this.#goodbye = readGoodbye(new WireReader(body));
      else if (this.#taker === undefined) this.#frames.push({ type, body: Buffer.from(body) });
      else this.#taker(type, body);
      return true;
    });
    this.#wake();
  }

  #wake(): void {
    this.#arrived.resolve();
    this.#arrived = Promise.withResolvers<void>();
  }
}

/** Node 2 of cluster 1, just started, with everything else as the daemon has it. */
export function helloWith(fields: Partial<Hello>): Hello {
  return {
    versionLeast: PROTOCOL_VERSION,
    versionMost: PROTOCOL_VERSION,
    clusterId: 1,
    nodeId: 2,
    incarnation: randomBytes(4).readUInt32BE() || 1,
    clockMs: Date.now(),
    nonce: randomBytes(16),
    horizonS: HORIZON_S,
    clean: true,
    synced: false,
    usesSecret: true,
    roleTakenAtMs: undefined,
    keyRules: { matchingMode: 0, useDomain: true, caseSensitive: true, realmPrefix: '', maxContacts: 0 },
    holds: undefined,
    listeners: [],
    ...fields,
  };
}

/** The body of a frame that stands alone. */
export function bodyOf(frame: Buffer): Buffer {
  return frame.subarray(HEAD_BYTES, frame.length - TAIL_BYTES);
}
