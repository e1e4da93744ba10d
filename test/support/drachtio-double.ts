// A stand-in for drachtio-server: the admin protocol over TCP and SIP over UDP and TCP, as far as a registrar and its pings
// need them. What it does is what a real server did: test/sip/drachtio/golden/ has the recordings, and a test plays them
// against this one. It is written without a line of twinreg's own SIP code, so that the two share no mistake.
import type { Test } from 'tap';
import { AppConnections } from './drachtio/app-connections.ts';
import {
  newPlace,
  type DrachtioPlace,
  type DrachtioServer,
  type PlaceOptions,
  type SipTimers,
} from './drachtio/place.ts';
import { RequestsIn } from './drachtio/requests-in.ts';
import { RequestsOut } from './drachtio/requests-out.ts';
import { DatagramWire, StreamWire, type Peer, type StreamConnection } from './drachtio/sip-wire.ts';

export interface DoubleOptions extends PlaceOptions {
  readonly timers?: SipTimers;
  /** What it tells apps; drachtio-srf believes only such as begin with v and three numbers. */
  readonly version?: string;
}

const VERSION = 'v0.9.10';
const T1X64_MS = 32_000;

/** One process's worth of server: what is lost when it ends. */
interface Life {
  readonly apps: AppConnections;
  readonly datagrams: DatagramWire;
  readonly streams: StreamWire;
  readonly webSockets: StreamWire | undefined;
  readonly requestsIn: RequestsIn;
  readonly requestsOut: RequestsOut;
}

export class DrachtioDouble implements DrachtioServer {
  readonly address: string;
  readonly sipPort: number;
  readonly wsPort: number | undefined;
  readonly adminAddress: string;
  readonly adminPort: number;
  readonly secret: string;
  readonly #timeoutMs: number;
  readonly #version: string;
  #life: Life | undefined;
  #ended = Promise.withResolvers<void>();

  private constructor(place: DrachtioPlace, options: DoubleOptions) {
    this.address = place.address;
    this.sipPort = place.sipPort;
    this.wsPort = place.wsPort;
    this.adminAddress = place.adminAddress;
    this.adminPort = place.adminPort;
    this.secret = place.secret;
    this.#timeoutMs = options.timers?.t1x64Ms ?? T1X64_MS;
    this.#version = options.version ?? VERSION;
  }

  /** Resolves when it listens; it ends with the test at the latest. */
  static async start(t: Pick<Test, 'teardown'>, options: DoubleOptions = {}): Promise<DrachtioDouble> {
    const place = await newPlace(options);
    const double = new DrachtioDouble(place, options);
    await double.start();
    t.teardown(() => double.kill());
    return double;
  }

  /** Starts it again where it was, with nothing of what it knew. */
  async start(): Promise<void> {
    this.#ended = Promise.withResolvers<void>();
    this.#life = this.#born();
    await this.#life.datagrams.open();
    await this.#life.streams.open();
    await this.#life.webSockets?.open();
    await this.#life.apps.open();
  }

  /** All sockets are closed at once, and all that was under way is lost. */
  async kill(): Promise<void> {
    const life = this.#life;
    if (life === undefined) return;
    this.#life = undefined;
    life.requestsIn.close();
    life.requestsOut.close();
    life.datagrams.close();
    this.#ended.resolve();
    await Promise.all([life.streams.close(), life.webSockets?.close(), life.apps.close()]);
  }

  async restart(): Promise<void> {
    await this.kill();
    await this.start();
  }

  /** It does nothing any more, and all its sockets stay; what comes due meanwhile is done at `resume`. */
  hang(): void {
    this.#life?.requestsOut.pause();
    this.#life?.datagrams.pause();
    this.#life?.streams.pause();
    this.#life?.webSockets?.pause();
    this.#life?.apps.pause();
  }

  resume(): void {
    this.#life?.requestsOut.resume();
    this.#life?.apps.resume();
    this.#life?.streams.resume();
    this.#life?.webSockets?.resume();
    this.#life?.datagrams.resume();
  }

  /** Breaks the connections of all apps; they may come again at once. */
  dropApps(): void {
    this.#life?.apps.dropAll();
  }

  /** Resolves when it has ended: killed, or by a request that it does not survive. */
  ended(): Promise<void> {
    return this.#ended.promise;
  }

  /** Apps that are connected now. */
  get apps(): number {
    return this.#life?.apps.count ?? 0;
  }

  /** Requests of apps that wait for their final answer. */
  get requestsUnderWay(): number {
    return this.#life?.requestsOut.underWay ?? 0;
  }

  #born(): Life {
    const remembered = new Map<string, StreamConnection>();
    const crashed = () => void this.kill();
    const wireListener = {
      received: (text: string, peer: Peer, connection: StreamConnection | undefined) => {
        // Over UDP what begins with a line end is a keep-alive.
        if (text.startsWith('SIP/')) requestsOut.answered(text, peer);
        else if (!text.startsWith('\r\n')) requestsIn.take(text, peer, connection);
      },
    };
    const datagrams = new DatagramWire(this.address, this.sipPort, wireListener);
    const streams = new StreamWire('tcp', this.address, this.sipPort, wireListener);
    const webSockets =
      this.wsPort === undefined ? undefined : new StreamWire('ws', this.address, this.wsPort, wireListener);
    const apps = new AppConnections(this, this.#version, {
      ordered: (order) => {
        if (order.sip.startsWith('SIP/')) requestsIn.answer(order);
        else requestsOut.order(order);
      },
    });
    const inboundListener = {
      crashed,
      registered: (contact: string, connection: StreamConnection, stays: boolean) => {
        const key = rememberedBy(contact);
        if (key !== undefined && stays) remembered.set(key, connection);
        else if (key !== undefined) remembered.delete(key);
      },
    };
    const requestsIn = new RequestsIn(this, apps, datagrams, inboundListener, this.#timeoutMs);
    const requestsOut = new RequestsOut({
      place: this,
      datagrams,
      streams,
      webSockets,
      timeoutMs: this.#timeoutMs,
      remembered: (uri) => remembered.get(rememberedBy(uri) ?? ''),
      crashed,
    });
    return { apps, datagrams, streams, webSockets, requestsIn, requestsOut };
  }
}

/** User and host, without the port: two phones that have both in common are one for the server. */
function rememberedBy(uri: string): string | undefined {
  const [, user = '', host] = /sips?:(?:([^@]*)@)?(\[[^\]]*\]|[^:;?>\s]*)/i.exec(uri) ?? [];
  return host === undefined ? undefined : `${user}@${host}`;
}
