import type { EventLoopDelay } from './event-loop-delay.ts';
import type { Reload } from './reload.ts';
import type { SipAddress } from './sip-address.ts';
import { drachtioStatus, type ServingEngine } from './sip-engine.ts';
import type { TwinSide } from './twin-side.ts';
import type { Upkeep } from './upkeep.ts';
import type { Log } from '../core/log.ts';
import type { LifeHistory } from '../history/life-history.ts';
import type { NatPinger } from '../pinger/nat-pinger.ts';
import type { DownFile } from '../role/down-file.ts';
import type { Handover } from '../role/handover.ts';
import type { KeepalivedFile } from '../role/keepalived-file.ts';
import { describeSocket } from '../sip/serving/listening-socket.ts';
import type { Persistence } from '../storage/persistence.ts';

/** The management interface, whatever sockets it has. */
interface Management {
  start(): Promise<void>;
  stop(): Promise<void>;
}

interface NodeParts {
  readonly upkeep: Upkeep;
  readonly store: Persistence;
  readonly twin: TwinSide;
  readonly engine: ServingEngine;
  readonly address: SipAddress;
  readonly down: DownFile;
  readonly keepalived: KeepalivedFile;
  readonly pinger: NatPinger;
  readonly mi: Management;
  readonly eventLoopDelay: EventLoopDelay;
  readonly reload: Reload;
  readonly life: LifeHistory;
  /** Has the history say which role the node has as it begins. */
  readonly tellRole: () => void;
  readonly handover: Handover;
  readonly loadedBindings: number;
  readonly log: Log;
}

/** A node, put together: it starts, serves, and stops. */
export class AppNode {
  /** Bindings that came from the disk and were valid then. */
  readonly loadedBindings: number;
  readonly #parts: NodeParts;
  #serves = false;
  #served = false;
  #stopped: Promise<void> | undefined;

  constructor(parts: NodeParts) {
    this.#parts = parts;
    this.loadedBindings = parts.loadedBindings;
  }

  /** Where SIP is served: `udp:127.0.0.1:5060`. */
  get sockets(): readonly string[] {
    return this.#parts.engine.sockets.map(describeSocket);
  }

  /** Where it will be, when the address is here. */
  get waitingSockets(): readonly string[] {
    return this.#parts.engine.waiting.map(({ socket }) => describeSocket(socket));
  }

  /** What SIP is not served without; undefined = it is served. */
  get waitsFor(): string | undefined {
    return this.sockets.length === 0 ? awaitedBy(this.#parts.engine) : undefined;
  }

  get isStopping(): boolean {
    return this.#stopped !== undefined;
  }

  /** Why this node could not serve even if the traffic came to it; empty = it can. */
  get unready(): readonly string[] {
    if (this.#serves) return this.#hindrances();
    return [this.#stopped === undefined ? 'starting' : 'stopping'];
  }

  #hindrances(): readonly string[] {
    const { address, engine } = this.#parts;
    return [...(address.isBindFailing ? ['bind'] : []), ...serverHindrances(engine)];
  }

  /**
   * Management comes first: a second daemon on the same data is told so, and not that its port is taken. SIP comes after
   * the twin was met, so that phones are not answered by a clock, or bindings, that the twin knows to be old.
   */
  async start(): Promise<void> {
    const { mi, life, handover, twin, engine, address, upkeep, pinger, eventLoopDelay } = this.#parts;
    try {
      await mi.start();
      life.begun();
      await handover.start();
      await this.#parts.down.start(() => twin.readinessChanged());
      await this.#parts.keepalived.start(() => twin.readinessChanged());
      await twin.start();
      await engine.start();
    } catch (err) {
      life.failed(err);
      // Why it could not start is what the operator has to know, whatever else goes wrong now.
      await Promise.allSettled([this.stop()]);
      throw err;
    }
    this.#served = true;
    life.serving(this.sockets, awaitedBy(engine), this.loadedBindings);
    address.start();
    this.#parts.tellRole();
    upkeep.start();
    pinger.start();
    eventLoopDelay.start();
    this.#serves = true;
    twin.readinessChanged();
  }

  /** Reads the configuration again; what comes of it is logged. */
  async reload(): Promise<void> {
    await this.#parts.reload.now();
  }

  /**
   * No new SIP; what waits for the twin or the disk is answered; then the twin is told, the sockets close, and management last. All of
   * it happens even if a part fails; rejects with the OperationalError of the disk if that did not take everything.
   */
  stop(): Promise<void> {
    this.#stopped ??= this.#stop();
    return this.#stopped;
  }

  async #stop(): Promise<void> {
    const { upkeep, twin, engine, address, pinger, store, mi, eventLoopDelay, life, handover, log } = this.#parts;
    this.#serves = false;
    log.info({}, 'stopping');
    await handover.stop();
    address.stop();
    this.#parts.down.stop();
    this.#parts.keepalived.stop();
    upkeep.stop();
    engine.drain();
    await twin.settled();
    pinger.stop();
    // The twin is told at once; that its connection closes need not be waited for before the disk has everything.
    const left = twin.stop();
    const [flushed] = await Promise.allSettled([store.close(), left]);
    await engine.stop();
    eventLoopDelay.stop();
    await mi.stop();
    await life.ended(this.#served);
    log.info({}, 'stopped');
    if (flushed.status === 'rejected') throw flushed.reason;
  }
}

/** What there is no socket without. */
function awaitedBy(engine: ServingEngine): string {
  const server = drachtioStatus(engine);
  return server === undefined ? 'its address' : `drachtio-server ${server.server}`;
}

/** Without its drachtio-server a node could serve nobody, wherever the address is; nor with one that listens elsewhere. */
function serverHindrances(engine: ServingEngine): readonly string[] {
  const server = drachtioStatus(engine);
  if (server === undefined) return [];
  if (server.state !== 'ready') return ['drachtio'];
  return server.isDeaf ? ['contacts'] : [];
}
