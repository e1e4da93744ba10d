import type { ListeningSocket, SendOutcome } from '../engine.ts';
import { bindError } from './bind-error.ts';
import type { Datagram, DatagramReceiver, DatagramSocket } from './datagram-socket.ts';
import { reportDefect, type EngineContext } from './engine-context.ts';
import type { UdpSettings } from './engine-settings.ts';
import type { ListenerSettings } from '../serving/listener-settings.ts';
import type { Flushable } from '../serving/flush-queue.ts';
import type { ReturnPath } from '../serving/inbound.ts';
import { listeningSocket } from '../serving/listening-socket.ts';
import { NodeDatagramSocket } from './node-datagram-socket.ts';
import type { ReadSource } from '../serving/stall-guard.ts';

/** No SIP message is this short; phones send such datagrams (empty, CRLF, CRLFCRLF, four zeros) to keep a NAT binding open. */
const KEEP_ALIVE_BYTES_MAX = 4;

/** SIP over one UDP socket: one datagram is one message, and its reply leaves through the socket that it came in on. */
export class UdpListener implements DatagramReceiver, ReturnPath, Flushable {
  readonly answersStale = false;
  #socket: DatagramSocket | undefined;
  #listening: ListeningSocket;
  #isDraining = false;
  readonly #source: ReadSource;
  readonly #listener: ListenerSettings;
  readonly #settings: UdpSettings;
  readonly #context: EngineContext;

  constructor(listener: ListenerSettings, settings: UdpSettings, context: EngineContext) {
    this.#listener = listener;
    this.#settings = settings;
    this.#context = context;
    this.#source = context.stallGuard.newSource();
    this.#listening = listeningSocket(listener, listener.port);
  }

  get socket(): ListeningSocket {
    return this.#listening;
  }

  get isBound(): boolean {
    return this.#socket !== undefined;
  }

  /** Rejects with an OperationalError when the address cannot be bound; may then be called again. */
  async start(): Promise<void> {
    const { address, port } = this.#listener;
    try {
      this.#socket = await NodeDatagramSocket.bind({ address, port, ...this.#settings }, this);
    } catch (error) {
      throw bindError(this.#listener, error);
    }
    this.#listening = listeningSocket(this.#listener, this.#socket.port);
    this.#checkReceiveBuffer(this.#socket.receiveBufferBytes);
  }

  drain(): void {
    this.#isDraining = true;
  }

  async stop(): Promise<void> {
    this.#isDraining = true;
    await this.#socket?.close();
  }

  onBatch(batch: readonly Datagram[]): void {
    const { flushQueue, stallGuard } = this.#context;
    flushQueue.hold();
    for (const datagram of batch) {
      try {
        // Asked for each one: the process may stand still in the middle of a batch.
        this.#receive(datagram, stallGuard.isStale(this.#source));
      } catch (error) {
        reportDefect(this.#context, error);
      }
    }
    flushQueue.release();
  }

  onSendError(): void {
    this.#context.statistics.countDrop('send_error');
  }

  onReceiveError(error: Error): void {
    this.#context.statistics.receiveErrors += 1;
    this.#context.occasionalLog.warn(
      { err: error, socket: this.#listening.name },
      'receiving failed, the socket goes on',
    );
  }

  expectReply(): void {
    // Nothing is kept for a datagram: a socket outlives all of its requests.
  }

  sendReply(text: string, address: string, port: number): void {
    const { flushQueue, statistics } = this.#context;
    const result = this.#socket?.send(text, address, port) ?? 'socket_closed';
    if (result === 'taken') flushQueue.add(this);
    else statistics.countDrop(result);
  }

  /** Sends what is no reply. @param address numeric @param onRefused called later when the kernel did not send it after all */
  sendUnasked(text: string, address: string, port: number, onRefused: () => void): SendOutcome {
    const result = this.#socket?.send(text, address, port, onRefused) ?? 'socket_closed';
    if (result !== 'taken') return 'refused';
    this.#context.flushQueue.add(this);
    return 'sent';
  }

  flush(): void {
    this.#socket?.flush();
  }

  #receive(datagram: Datagram, isStale: boolean): void {
    const { bytes, address, port } = datagram;
    const { statistics, dispatcher } = this.#context;
    if (bytes.length <= KEEP_ALIVE_BYTES_MAX) statistics.countDrop('keep_alive');
    else if (bytes.length > this.#settings.datagramBytesMax) statistics.countDrop('oversized');
    else if (port === 0) statistics.countDrop('source_port');
    else if (isStun(bytes)) statistics.countDrop('stun');
    else if (this.#isDraining) statistics.countDrop('draining');
    else if (isStale) dispatcher.receiveStale(bytes.latin1Slice(), this, address, port);
    else dispatcher.receive(bytes.latin1Slice(), this, address, port);
  }

  #checkReceiveBuffer(grantedBytes: number): void {
    const { receiveBufferBytes } = this.#settings;
    if (grantedBytes >= receiveBufferBytes) return;
    this.#context.log.warn(
      { socket: this.#listening.name, receiveBufferBytes, grantedBytes },
      'the kernel grants a smaller receive buffer than configured; raise net.core.rmem_max',
    );
  }
}

const STUN_HEADER_BYTES = 20;
const STUN_MAGIC_COOKIE = 0x2112a442;

/** RFC 5389 §6: the first two bits are zero, which no SIP message begins with, and the cookie stands at octet 4. */
function isStun(bytes: Buffer): boolean {
  const [first = 0] = bytes;
  return first < 0x40 && bytes.length >= STUN_HEADER_BYTES && bytes.readUInt32BE(4) === STUN_MAGIC_COOKIE;
}
