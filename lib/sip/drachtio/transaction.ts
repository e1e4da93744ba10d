import type { ListeningSocket } from '../engine.ts';
import type { ReturnPath } from '../serving/inbound.ts';

/** Sends a reply's text for a transaction of the server. */
export interface TransactionSender {
  sendReply(transaction: Transaction, text: string): void;
}

/**
 * The way back of one request: a transaction that drachtio-server keeps, known on the connection that it came over and on no other. When that is gone the
 * phone sends again, and the reply to this request goes nowhere: so nobody hears twice.
 */
export class Transaction implements ReturnPath {
  readonly socket: ListeningSocket;
  readonly id: string;
  readonly generation: number;
  /** The server holds on to a request that nobody answers, and whoever sent it waits. */
  readonly answersStale = true;
  readonly #sender: TransactionSender;

  constructor(socket: ListeningSocket, id: string, generation: number, sender: TransactionSender) {
    this.socket = socket;
    this.id = id;
    this.generation = generation;
    this.#sender = sender;
  }

  expectReply(): void {
    // The server keeps the transaction, for 64 seconds.
  }

  sendReply(text: string): void {
    this.#sender.sendReply(this, text);
  }
}
