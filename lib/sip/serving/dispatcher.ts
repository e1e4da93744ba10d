import type { InboundRequest, RequestHandler, SipReply } from '../engine.ts';
import { Fault, type SipHeader } from '../fault.ts';
import { KNOWN_METHODS } from '../methods.ts';
import { parseMessage } from '../parser.ts';
import type { SipRequest } from '../request.ts';
import type { SipResponse } from '../response.ts';
import type { EngineStatistics } from './engine-statistics.ts';
import { Inbound, type ReplySender, type ReturnPath } from './inbound.ts';

/** Takes responses; must not throw. */
export interface ResponseReceiver {
  receive(response: SipResponse): void;
}

/**
 * Gives each message to who serves it: first it must be valid (the parser's 400, 413, 416, 505), then its method's handler
 * gets it, and what has no handler is answered here as RFC 3261 §8.2 says; responses have a receiver of their own. A handler checks `Require` itself, since it
 * knows which extensions it has.
 */
export class Dispatcher {
  readonly #handlers: ReadonlyMap<string, RequestHandler>;
  readonly #replier: ReplySender;
  readonly #responses: ResponseReceiver;
  readonly #statistics: EngineStatistics;
  readonly #allow: SipHeader;
  readonly #supported: readonly SipHeader[];

  constructor(
    handlers: ReadonlyMap<string, RequestHandler>,
    supported: readonly string[],
    replier: ReplySender,
    responses: ResponseReceiver,
    statistics: EngineStatistics,
  ) {
    this.#handlers = handlers;
    this.#replier = replier;
    this.#responses = responses;
    this.#statistics = statistics;
    this.#allow = ['Allow', [...new Set([...handlers.keys(), 'OPTIONS'])].sort().join(', ')];
    this.#supported = supported.length > 0 ? [['Supported', supported.join(', ')]] : [];
  }

  /** Takes one whole message as a byte string, with where it came from. */
  receive(text: string, path: ReturnPath, address: string, port: number): void {
    const parsed = parseMessage(text);
    switch (parsed.kind) {
      case 'request':
        this.#serve(parsed.request, path, address, port, this.#handlers.get(parsed.request.method));
        break;
      case 'response':
        this.#responses.receive(parsed.response);
        break;
      case 'malformed':
        this.#refuse(parsed.replyable, parsed.fault, path, address, port);
        break;
    }
  }

  /** As `receive`, for what waited too long to be served: requests get 503, or are dropped where that is left to their senders. */
  receiveStale(text: string, path: ReturnPath, address: string, port: number): void {
    const parsed = parseMessage(text);
    if (parsed.kind === 'response') this.#responses.receive(parsed.response);
    else if (!path.answersStale) this.#statistics.countDrop('stalled');
    else if (parsed.kind === 'request') this.#serve(parsed.request, path, address, port, turnAway);
    else this.#refuse(parsed.replyable, parsed.fault, path, address, port);
  }

  /** Refuses what begins like this, with `fault` whatever the rest would be; nothing when no reply can be made. */
  refuse(text: string, fault: Fault, path: ReturnPath, address: string, port: number): void {
    const parsed = parseMessage(text);
    const request =
      parsed.kind === 'request' ? parsed.request : parsed.kind === 'malformed' ? parsed.replyable : undefined;
    this.#refuse(request, fault, path, address, port);
  }

  #refuse(request: SipRequest | undefined, fault: Fault, path: ReturnPath, address: string, port: number): void {
    // RFC 3261 §17: an ACK is never answered.
    if (request === undefined || request.method === 'ACK') {
      this.#statistics.countDrop('malformed');
      return;
    }
    this.#statistics.invalid.count(`${String(fault.status)} ${fault.reason}`);
    new Inbound(request, path, address, port, this.#replier).reply(fault);
  }

  #serve(
    request: SipRequest,
    path: ReturnPath,
    address: string,
    port: number,
    handler: RequestHandler | undefined,
  ): void {
    this.#statistics.countRequest(request.method);
    if (request.method === 'ACK') {
      this.#statistics.countDrop('ack');
      return;
    }
    const inbound = new Inbound(request, path, address, port, this.#replier);
    if (handler === undefined) inbound.reply(this.#answer(request));
    else handler(inbound);
  }

  #answer(request: SipRequest): SipReply {
    const { method } = request;
    // RFC 3261 §9.2: nothing that we answer is still open when a CANCEL for it comes. §8.2.2.3: Require is not looked at.
    if (method === 'CANCEL') return new Fault(481, 'Call/Transaction Does Not Exist');
    const unsupported = [...request.optionTags('require'), ...request.optionTags('proxy-require')];
    if (unsupported.length > 0) return new Fault(420, 'Bad Extension', [['Unsupported', unsupported.join(', ')]]);
    if (method === 'OPTIONS') return { status: 200, reason: 'OK', headers: this.#capabilities };
    if (KNOWN_METHODS.has(method)) return new Fault(405, 'Method Not Allowed', [this.#allow]);
    return new Fault(501, 'Not Implemented', [this.#allow]);
  }

  /** RFC 3261 §11.2. No body is ever read, so any is acceptable. */
  get #capabilities(): readonly SipHeader[] {
    return [this.#allow, ['Accept', '*/*'], ...this.#supported];
  }
}

const STALE = new Fault(503, 'Service Unavailable', [['Retry-After', '1']]);

function turnAway(inbound: InboundRequest): void {
  inbound.reply(STALE);
}
