import type { InboundRequest, ListeningSocket, SipReply } from '../engine.ts';
import type { SipRequest } from '../request.ts';

/** The way that a request came, and its reply goes. */
export interface ReturnPath {
  readonly socket: ListeningSocket;
  /** Whether a request that waited too long is told so. A datagram is not: its sender sends it again. */
  readonly answersStale: boolean;
  /** A request was handed on whose reply will be sent this way. */
  expectReply(): void;
  /** Sends the reply to one such request; drops and counts it when that is not possible any more. */
  sendReply(text: string, address: string, port: number): void;
}

/** Writes a reply and sends it by the request's path. */
export interface ReplySender {
  send(inbound: Inbound, reply: SipReply): void;
}

/** A request with its way back. One is made for each request and may live until a late reply, so it holds little. */
export class Inbound implements InboundRequest {
  readonly request: SipRequest;
  readonly sourceAddress: string;
  readonly sourcePort: number;
  readonly path: ReturnPath;
  readonly #replier: ReplySender;
  #isReplied = false;

  constructor(request: SipRequest, path: ReturnPath, address: string, port: number, replier: ReplySender) {
    this.request = request;
    this.sourceAddress = address;
    this.sourcePort = port;
    this.path = path;
    this.#replier = replier;
    path.expectReply();
  }

  get socket(): ListeningSocket {
    return this.path.socket;
  }

  reply(reply: SipReply): void {
    if (this.#isReplied) return;
    this.#isReplied = true;
    this.#replier.send(this, reply);
  }
}
