import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { isIPv6 } from 'node:net';
import type { Clock } from '../../core/clock.ts';
import { OperationalError } from '../../core/errors.ts';
import type { Log } from '../../core/log.ts';
import { LINE_BYTES_MAX, STOP_GRACE_MS } from '../mi-connection.ts';
import { ReplyWriter } from '../reply-writer.ts';
import type { RpcDispatcher, WholeReply } from '../rpc-dispatcher.ts';
import { TurnBudget } from '../turn-budget.ts';
import { HttpAccess } from './http-access.ts';
import type { HttpAnswer } from './http-answer.ts';
import type { HttpPage, HttpPages } from './http-pages.ts';
import type { HttpSettings } from './http-settings.ts';
import { HttpToken } from './http-token.ts';
import { readRequestBody } from './request-body.ts';
import { inSmallPieces } from './small-pieces.ts';

export interface HttpLimits {
  /** Clients at a time; what comes above is closed at once. */
  readonly connectionsMax: number;
  /** How long a client may take to send its headers, and its whole request. */
  readonly headersMs: number;
  readonly requestMs: number;
  /** How long a connection stays open between two requests. */
  readonly keepAliveMs: number;
  /** How often the times above are looked at. */
  readonly checkMs: number;
}

const LIMITS: HttpLimits = {
  connectionsMax: 32,
  headersMs: 5000,
  requestMs: 10_000,
  keepAliveMs: 5000,
  checkMs: 1000,
};

/** All headers of a request together, in bytes; above it Node answers 431. */
const HEADER_BYTES_MAX = 8192;

/**
 * What is read, and thrown away, of a body that is too long: many clients look for the answer only when they have sent
 * all. It takes no memory, and `requestMs` bounds its time.
 */
const DISCARDED_BYTES_MAX = 16_777_216;

const JSON_TYPE = 'application/json';

interface HttpParts {
  readonly dispatcher: RpcDispatcher;
  readonly pages: HttpPages;
  readonly clock: Clock;
  readonly log: Log;
}

/** MI as OpenSIPS's mi_http has it, `POST /mi`, with the pages for watchers beside it. */
export class HttpServer {
  readonly #settings: HttpSettings;
  readonly #parts: HttpParts;
  readonly #server: Server;
  readonly #path: string;
  readonly #turn: TurnBudget;
  /** Connections with a request that is not answered yet. */
  readonly #asking = new WeakSet<object>();
  #access: HttpAccess | undefined;

  constructor(settings: HttpSettings, parts: HttpParts, limits: HttpLimits = LIMITS) {
    this.#settings = settings;
    this.#parts = parts;
    this.#turn = new TurnBudget(parts.clock);
    this.#path = `/${settings.root}`;
    this.#server = createServer(
      {
        maxHeaderSize: HEADER_BYTES_MAX,
        headersTimeout: limits.headersMs,
        requestTimeout: limits.requestMs,
        keepAliveTimeout: limits.keepAliveMs,
        connectionsCheckingInterval: limits.checkMs,
      },
      (request, response) => this.#take(request, response),
    );
    this.#server.maxConnections = limits.connectionsMax;
    const listeners = this.#server.listeners('connection');
    this.#server.removeAllListeners('connection');
    this.#server.on('connection', (socket) => {
      for (const listener of listeners) Reflect.apply(listener, this.#server, [inSmallPieces(socket)]);
    });
  }

  /** `http://127.0.0.1:8888/mi`; undefined while it is not served. */
  get place(): string | undefined {
    return this.#server.listening ? `http://${this.#name()}${this.#path}` : undefined;
  }

  /**
   * Rejects with an OperationalError when the address cannot be served. The default address that another program has is
   * left to it, with a warning: the other ways to manage the node are there.
   */
  async start(): Promise<void> {
    const { address, port, token } = this.#settings;
    this.#access = new HttpAccess(address, await HttpToken.read(token));
    try {
      this.#server.listen({ host: address, port });
      await once(this.#server, 'listening');
    } catch (err) {
      this.#cannotServe(err);
      return;
    }
    this.#server.on('error', (err) => this.#parts.log.error({ err }, 'management over HTTP failed'));
    this.#parts.log.info({ url: this.place }, 'management over HTTP');
  }

  /** Takes no more connections, lets requests in progress be answered for a moment, then closes. */
  async stop(): Promise<void> {
    if (!this.#server.listening) return;
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.#server.closeIdleConnections();
    const giveUp = this.#parts.clock.after(STOP_GRACE_MS, () => this.#server.closeAllConnections());
    await closed;
    giveUp.cancel();
  }

  #name(): string {
    const { address, port } = this.#settings;
    return `${isIPv6(address) ? `[${address}]` : address}:${port}`;
  }

  #cannotServe(err: unknown): void {
    const isTaken = err instanceof Error && 'code' in err && err.code === 'EADDRINUSE';
    if (isTaken && !this.#settings.isConfigured) {
      this.#parts.log.warn(
        { address: this.#name() },
        'another program has the port of management over HTTP; going without (mi.http sets another address, or off)',
      );
      return;
    }
    const reason = isTaken ? 'another program has this port' : err instanceof Error ? err.message : String(err);
    throw new OperationalError(
      `mi.http: ${this.#name()} cannot be served: ${reason}; set another ADDRESS:PORT there, or off`,
      { cause: err },
    );
  }

  /**
   * One request after the other: who sends the next one without waiting for the answer (pipelining, RFC 9112 §9.3.2; no
   * client in use does) is cut off, for its requests and answers would have no bound.
   */
  #take(request: IncomingMessage, response: ServerResponse): void {
    const { socket } = request;
    const { log } = this.#parts;
    request.on('error', (err) => log.debug({ err }, 'management client lost'));
    response.on('error', (err) => log.debug({ err }, 'management client lost'));
    if (socket.destroyed || this.#asking.has(socket)) {
      socket.destroy();
      return;
    }
    this.#asking.add(socket);
    response.once('close', () => this.#asking.delete(socket));
    void this.#serve(request, response);
  }

  /** Rejects only when an invariant broke. */
  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const [path = ''] = (request.url ?? '').split('?');
    if (path === this.#path || path === `${this.#path}/`) await this.#call(request, response);
    else await this.#page(path, request, response);
  }

  async #call(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (request.method !== 'POST') {
      answer(request, response, { status: 405, text: 'expected POST', headers: { Allow: 'POST' } });
      return;
    }
    const refusal = this.#access?.refusalOfCall(request.headers);
    if (refusal !== undefined) {
      answer(request, response, refusal);
      return;
    }
    const body = await readRequestBody(request, LINE_BYTES_MAX);
    if (body.kind === 'lost') return;
    if (body.kind === 'too-long') {
      answer(request, response, { status: 413, text: `expected a request of at most ${LINE_BYTES_MAX} bytes` });
    } else if (body.text.trim() === '') {
      answer(request, response, { status: 400, text: 'expected a JSON-RPC request in the body, found nothing' });
    } else {
      await this.#reply(response, await this.#parts.dispatcher.answerWhole(body.text));
    }
  }

  async #reply(response: ServerResponse, reply: WholeReply): Promise<void> {
    if (response.destroyed) return;
    switch (reply.kind) {
      case 'none':
        response.writeHead(202, { 'Content-Length': 0 }).end();
        return;
      case 'text':
        return this.#send(response, { status: 200, contentType: JSON_TYPE, body: reply.text });
      case 'stream':
        response.writeHead(200, { 'Content-Type': JSON_TYPE });
        return this.#stream(response, reply.chunks);
    }
  }

  async #send(response: ServerResponse, { status, contentType, body }: HttpPage): Promise<void> {
    if (response.destroyed) return;
    response.writeHead(status, { 'Content-Type': contentType, 'Content-Length': Buffer.byteLength(body) });
    await this.#stream(response, [body]);
  }

  async #stream(response: ServerResponse, chunks: Iterable<string>): Promise<void> {
    const { clock, log } = this.#parts;
    const onStalled = () => log.warn({}, 'management client does not read its reply');
    const writer = new ReplyWriter(response, clock, onStalled);
    await writer.stream(chunks, this.#turn);
    await writer.end();
  }

  async #page(path: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const isAsked = request.method === 'GET' || request.method === 'HEAD';
    const refusal = this.#access?.refusalOfPage(path, request.headers);
    const page = isAsked && refusal === undefined ? await this.#parts.pages.page(path) : undefined;
    if (refusal !== undefined) answer(request, response, refusal);
    else if (page === undefined) answer(request, response, { status: 404, text: `expected POST ${this.#path}` });
    else await this.#send(response, page);
  }
}

/**
 * Refuses. What the client still sends is thrown away, up to a bound, before the connection closes: closed at once, the
 * kernel would reset it, and the client would not see the answer.
 */
function answer(request: IncomingMessage, response: ServerResponse, { status, text, headers }: HttpAnswer): void {
  const body = `${text}\n`;
  response.writeHead(status, {
    ...headers,
    'Content-Type': 'text/plain; charset=utf-8',
    'Content-Length': Buffer.byteLength(body),
    Connection: 'close',
  });
  if (request.method !== 'HEAD') response.write(body);
  const end = () => {
    request.removeAllListeners('data');
    response.end();
  };
  // Of a body that has been read to its end, no end comes any more.
  if (request.readableEnded) {
    end();
    return;
  }
  let discarded = 0;
  request.on('data', (part: Buffer) => {
    discarded += part.length;
    if (discarded > DISCARDED_BYTES_MAX) end();
  });
  request.once('end', end);
}
