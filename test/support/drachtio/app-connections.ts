import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { randomUUID } from 'node:crypto';
import { BadFrameLength, FrameReader } from './frame-reader.ts';
import { portOf, type DrachtioPlace, type PlaceTransport } from './place.ts';

/** An order of an app that has to do with SIP; the line of tokens and the message are as it sent them. */
export interface SipOrder {
  readonly app: AppConnection;
  readonly id: string;
  readonly tokens: readonly string[];
  /** Byte string: start line, headers, body. */
  readonly sip: string;
}

export interface AppListener {
  ordered(order: SipOrder): void;
}

/** One app's connection. */
export class AppConnection {
  readonly #socket: Socket;

  constructor(socket: Socket) {
    this.#socket = socket;
  }

  get isOpen(): boolean {
    return !this.#socket.destroyed;
  }

  /** Sends a frame with a new identifier; to an app that has gone it is lost. */
  send(rest: string, sip?: string): void {
    if (this.#socket.destroyed) return;
    const payload = Buffer.from(`${randomUUID()}|${rest}${sip === undefined ? '' : `\r\n${sip}`}`, 'latin1');
    this.#socket.write(Buffer.concat([Buffer.from(`${String(payload.length)}#`), payload]));
  }

  answer(id: string, result: 'OK' | 'NO' | 'NOK', text?: string, sip?: string): void {
    this.send(`response|${id}|${result}${text === undefined ? '' : `|${text}`}`, sip);
  }

  close(): void {
    this.#socket.end();
  }

  destroy(): void {
    this.#socket.destroy();
  }

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }
}

/** The admin port: which apps there are, and who gets a request. */
export class AppConnections {
  readonly #place: DrachtioPlace;
  readonly #version: string;
  readonly #listener: AppListener;
  readonly #server: Server;
  readonly #apps = new Set<AppConnection>();
  /** By method; an app stands here as often as it asked. */
  readonly #routes = new Map<string, AppConnection[]>();
  readonly #turns = new Map<string, number>();
  #isPaused = false;

  constructor(place: DrachtioPlace, version: string, listener: AppListener) {
    this.#place = place;
    this.#version = version;
    this.#listener = listener;
    this.#server = createServer({ noDelay: true }, (socket) => this.#accept(socket));
  }

  async open(): Promise<void> {
    this.#server.listen(this.#place.adminPort, this.#place.adminAddress);
    await once(this.#server, 'listening');
  }

  async close(): Promise<void> {
    this.dropAll();
    this.#server.close();
    await once(this.#server, 'close');
  }

  /** Breaks all connections; apps may come again. */
  dropAll(): void {
    for (const app of this.#apps) app.destroy();
    this.#apps.clear();
  }

  /** Reads nothing from anybody until `resume`. */
  pause(): void {
    this.#isPaused = true;
    for (const app of this.#apps) app.pause();
  }

  resume(): void {
    this.#isPaused = false;
    for (const app of this.#apps) app.resume();
  }

  /** Apps that are connected. */
  get count(): number {
    return this.#apps.size;
  }

  /** The app whose turn it is for a method. */
  next(method: string): AppConnection | undefined {
    const verb = method.toLowerCase();
    const routes = this.#routes.get(verb) ?? [];
    if (routes.length === 0) return undefined;
    const turn = this.#turns.get(verb) ?? 0;
    const start = turn < routes.length ? turn : 0;
    this.#turns.set(verb, start + 1);
    const inTurn = [...routes.slice(start), ...routes.slice(0, start)];
    const app = inTurn.find(({ isOpen }) => isOpen);
    // Only those that it came across on its way are forgotten.
    const gone = new Set(app === undefined ? inTurn : inTurn.slice(0, inTurn.indexOf(app)));
    this.#routes.set(
      verb,
      routes.filter((each) => !gone.has(each)),
    );
    return app;
  }

  #accept(socket: Socket): void {
    const app = new AppConnection(socket);
    const reader = new FrameReader();
    this.#apps.add(app);
    if (this.#isPaused) socket.pause();
    socket.on('error', () => undefined);
    socket.on('close', () => this.#apps.delete(app));
    socket.on('data', (bytes: Buffer) => {
      try {
        reader.push(bytes, (payload) => this.#take(app, payload.toString('latin1')) && app.isOpen);
      } catch (error) {
        if (!(error instanceof BadFrameLength)) throw error;
        app.close();
      }
    });
  }

  /** @returns whether the connection goes on */
  #take(app: AppConnection, payload: string): boolean {
    const cut = payload.indexOf('\r\n');
    const tokens = (cut === -1 ? payload : payload.slice(0, cut)).split('|');
    const [id = '', type, argument = ''] = tokens;
    switch (type) {
      case 'ping':
        app.answer(id, 'OK', 'pong');
        return true;
      case 'authenticate':
        return this.#authenticate(app, id, argument);
      case 'route':
        this.#addRoute(argument, app);
        app.answer(id, 'OK');
        return true;
      case 'remove_route':
        // All routes of the app go, whatever it named.
        for (const [verb, apps] of this.#routes) {
          this.#routes.set(
            verb,
            apps.filter((other) => other !== app),
          );
        }
        app.answer(id, 'OK');
        return true;
      case 'sip':
        return this.#order(app, { app, id, tokens, sip: cut === -1 ? '' : payload.slice(cut + 2) });
      default:
        app.answer(id, 'NO', type === undefined ? 'Invalid message format' : 'Unknown message type');
        app.close();
        return false;
    }
  }

  /** A new one comes second: the server keeps them in a hash table. */
  #addRoute(verb: string, app: AppConnection): void {
    const [first, ...others] = this.#routes.get(verb) ?? [];
    this.#routes.set(verb, first === undefined ? [app] : [first, app, ...others]);
  }

  #authenticate(app: AppConnection, id: string, secret: string): boolean {
    const { address, wsPort } = this.#place;
    if (secret !== this.#place.secret) {
      app.answer(id, 'NO', 'incorrect secret');
      app.close();
      return false;
    }
    const transports: readonly PlaceTransport[] = ['udp', 'tcp', ...(wsPort === undefined ? [] : ['ws' as const])];
    const sockets = transports
      .map((transport) => `${transport}/${address}:${String(portOf(this.#place, transport))}`)
      .join(',');
    app.answer(id, 'OK', `${sockets}|${this.#version}|${sockets}`);
    return true;
  }

  #order(app: AppConnection, order: SipOrder): boolean {
    if (order.sip.startsWith('SIP/') && order.tokens[2] === '') {
      app.answer(order.id, 'NO', 'transaction id missing');
      app.close();
      return false;
    }
    this.#listener.ordered(order);
    return true;
  }
}
