/** One datagram as it arrived. */
export interface Datagram {
  /** Valid only during the call that hands it over. */
  readonly bytes: Buffer;
  /** IPv6 without brackets. */
  readonly address: string;
  readonly port: number;
}

export interface DatagramReceiver {
  /** Everything that one wake-up brought, in the order of arrival. The array belongs to the socket. */
  onBatch(batch: readonly Datagram[]): void;
  /** The kernel did not send a datagram that nobody else answers for (`send` without `onRefused`); the others are not affected. */
  onSendError(): void;
  /** Receiving failed once, e.g. because the interface went down; the socket goes on. */
  onReceiveError(error: Error): void;
}

export type SendResult = 'taken' | 'send_queue_full' | 'socket_closed';

/**
 * A bound UDP socket. Batches are what makes a fast one possible: the cost of a datagram is mostly the way from the
 * kernel to here, and a socket that takes many per system call needs nothing changed above this line.
 */
export interface DatagramSocket {
  /** The bound one. */
  readonly port: number;
  /** SO_RCVBUF as the kernel granted it, in bytes as they were asked for. */
  readonly receiveBufferBytes: number;
  /**
   * Sends a byte string, which is copied. It waits for `flush`, or for `close`. Nothing is sent when more than the socket's maximum
   * waits for the kernel already, or after `close`.
   *
   * @param onRefused called in place of the receiver's `onSendError` when the kernel did not send this one; never before `flush` returned
   */
  send(text: string, address: string, port: number, onRefused?: () => void): SendResult;
  /** Hands over to the kernel what `send` kept. */
  flush(): void;
  /** Idempotent; afterwards nothing is received and `send` drops. */
  close(): Promise<void>;
}
