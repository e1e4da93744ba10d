import type { Socket } from 'node:net';
import type { ListeningSocket, SendOutcome } from '../engine.ts';
import type { ConnectionTable, TrackedConnection } from './connection-table.ts';
import { reportDefect, type EngineContext } from './engine-context.ts';
import type { TcpSettings } from './engine-settings.ts';
import type { ConnectionEvent } from '../serving/engine-statistics.ts';
import type { Flushable } from '../serving/flush-queue.ts';
import type { ReturnPath } from '../serving/inbound.ts';
import type { ReadSource } from '../serving/stall-guard.ts';
import { StreamFramer, type Frame } from './stream-framer.ts';

const PONG = '\r\n';

/** No number of stalls: what was half read then is stale in any case. */
const STALE = -1;

/**
 * SIP over one accepted connection. It is `open`; then `closing`, when it takes nothing more but still owes replies
 * (the peer ended its side, the stream is broken, the engine drains); then `ended`, when its own end is sent; then gone.
 *
 * Replies go back on this connection or nowhere. RFC 3261 §18.2.2 would have the server connect to the sender when it is
 * gone, but a phone behind a NAT cannot be reached so, and one that can sends its request again.
 */
export class TcpConnection implements ReturnPath, Flushable, TrackedConnection {
  readonly socket: ListeningSocket;
  readonly remoteAddress: string;
  readonly remotePort: number;
  readonly answersStale = true;
  activeAtMs = 0;
  orderedAtMs = 0;
  deadlineMs = Infinity;
  readonly #stream: Socket;
  readonly #framer: StreamFramer;
  readonly #settings: TcpSettings;
  readonly #context: EngineContext;
  readonly #table: ConnectionTable;
  readonly #source: ReadSource;
  /** How many stalls there had been when the message began that is half read; or STALE. */
  #stallsBefore = 0;
  #state: 'open' | 'closing' | 'ended' | 'gone' = 'open';
  #owedReplies = 0;
  #outbox = '';

  constructor(
    stream: Socket,
    socket: ListeningSocket,
    settings: TcpSettings,
    context: EngineContext,
    table: ConnectionTable,
    source: ReadSource,
  ) {
    this.socket = socket;
    this.remoteAddress = stream.remoteAddress ?? '';
    this.remotePort = stream.remotePort ?? 0;
    this.#stream = stream;
    this.#framer = new StreamFramer(settings);
    this.#settings = settings;
    this.#context = context;
    this.#table = table;
    this.#source = source;
    stream.on('data', (chunk: Buffer) => this.#onData(chunk));
    stream.on('end', () => this.#onEnd());
    stream.on('error', () => context.statistics.countConnection('socket_errors'));
    stream.on('close', () => this.#onClose());
  }

  expectReply(): void {
    this.#owedReplies += 1;
  }

  sendReply(text: string): void {
    this.#owedReplies -= 1;
    if (this.#state === 'ended' || this.#state === 'gone') this.#context.statistics.countDrop('connection_gone');
    else this.#send(text);
  }

  sendUnasked(text: string): SendOutcome {
    if (!this.#isOpen()) return 'no-connection';
    this.#send(text);
    // A peer that does not read was closed over it.
    return this.#isOpen() ? 'sent' : 'refused';
  }

  /** Takes no new requests; the connection closes when the replies to those taken are sent. */
  drain(): void {
    this.#beginClosing();
  }

  /** Closes at once; what was not sent is lost. */
  close(event?: ConnectionEvent): void {
    if (event !== undefined && this.#state !== 'gone') this.#context.statistics.countConnection(event);
    this.#stream.destroy();
    this.#onClose();
  }

  flush(): void {
    if (this.#state === 'ended' || this.#state === 'gone') return;
    if (this.#outbox !== '') {
      this.#stream.write(this.#outbox, 'latin1');
      this.#outbox = '';
    }
    if (this.#state === 'closing' && this.#owedReplies === 0) {
      this.#state = 'ended';
      this.#stream.end();
    }
  }

  #onData(chunk: Buffer): void {
    const { flushQueue } = this.#context;
    flushQueue.hold();
    try {
      this.#receive(chunk);
    } catch (error) {
      // What state the framing is in is not known any more.
      reportDefect(this.#context, error);
      this.close();
    }
    flushQueue.release();
  }

  #receive(chunk: Buffer): void {
    if (!this.#isOpen()) return;
    this.#table.noteActivity(this);
    const { stallGuard } = this.#context;
    let isStale = stallGuard.isStale(this.#source);
    let isNewMessage = !this.#framer.isInsideMessage;
    // A message is as old as its first octet.
    let isFrameStale = isStale || (!isNewMessage && this.#stallsBefore !== stallGuard.count);
    this.#framer.push(chunk);
    for (let frame = this.#framer.next(); frame !== undefined; frame = this.#framer.next()) {
      this.#take(frame, isFrameStale);
      if (!this.#isOpen()) return;
      isNewMessage = true;
      // Asked for each one: the process may stand still in the middle of a chunk.
      isStale = stallGuard.isStale(this.#source);
      isFrameStale = isStale;
    }
    if (!this.#framer.isInsideMessage) this.#table.clearDeadline(this);
    else if (isNewMessage) this.#beginMessage(isStale);
  }

  #beginMessage(isStale: boolean): void {
    this.#stallsBefore = isStale ? STALE : this.#context.stallGuard.count;
    this.#table.setDeadline(this);
  }

  #take(frame: Frame, isStale: boolean): void {
    const { dispatcher, statistics } = this.#context;
    switch (frame.kind) {
      case 'message':
        if (isStale) dispatcher.receiveStale(frame.text, this, this.remoteAddress, this.remotePort);
        else dispatcher.receive(frame.text, this, this.remoteAddress, this.remotePort);
        break;
      case 'keep-alive':
        statistics.pongs += 1;
        this.#send(PONG);
        break;
      case 'broken':
        statistics.countConnection('closed_framing');
        if (frame.head === undefined) statistics.countDrop('framing');
        else dispatcher.refuse(frame.head, frame.fault, this, this.remoteAddress, this.remotePort);
        this.#beginClosing();
        break;
    }
  }

  #send(text: string): void {
    this.#outbox += text;
    const waitingBytes = this.#stream.writableLength + this.#outbox.length;
    if (waitingBytes > this.#settings.writeQueueBytesMax) this.close('closed_unread');
    else this.#context.flushQueue.add(this);
  }

  #beginClosing(): void {
    if (!this.#isOpen()) return;
    this.#state = 'closing';
    this.#table.setDeadline(this);
    // With nothing owed, flushing sends our end at once.
    this.#context.flushQueue.add(this);
  }

  #onEnd(): void {
    if (this.#isOpen() && this.#framer.isInsideMessage) this.#context.statistics.countDrop('truncated');
    this.#beginClosing();
  }

  #onClose(): void {
    if (this.#state === 'gone') return;
    this.#state = 'gone';
    this.#outbox = '';
    this.#table.remove(this);
  }

  /** A method, because the state changes during calls that a comparison in place would not expect to change it. */
  #isOpen(): boolean {
    return this.#state === 'open';
  }
}
