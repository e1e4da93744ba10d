import type { Socket } from 'node:net';
import type { Clock, Timer } from '../core/clock.ts';
import type { Log } from '../core/log.ts';
import { describeEvent } from './event-log.ts';
import type { ReplicatorPorts } from './ports.ts';
import { readInTurns } from './read-in-turns.ts';
import { Replicator } from './replicator.ts';
import type {
  ReplicationStatus,
  ReplicatorEffect,
  ReplicatorEvent,
  ReplicatorInput,
  ReplicatorSettings,
  Twin,
} from './replicator-types.ts';
import type { TwinAddress } from './twin-server.ts';
import { TwinServer } from './twin-server.ts';
import type { TwinServerSettings } from './twin-server.ts';

/** Where the twin is dialled, and what the machine has to know of it. */
export interface DialledTwin extends Twin {
  readonly address: TwinAddress;
}

export interface ReplicationParts {
  readonly settings: ReplicatorSettings;
  readonly server: TwinServerSettings;
  readonly twin: DialledTwin | undefined;
  readonly ports: Omit<ReplicatorPorts, 'flushSoon'>;
  readonly clock: Clock;
  readonly log: Log;
  /** Hears of everything that happens, after it was logged; `isRepeated`: it is no news, and was not. Must not throw. */
  readonly onEvent?: (event: ReplicatorEvent, isRepeated: boolean) => void;
}

/** How long a connection that was ended may take to get rid of what was sent on it. */
const CLOSE_MS = 1000;

/** So often at most the same refusal is logged. */
const REPEAT_MS = 60_000;
/** So many refusals are told apart. */
const TOLD_MAX = 100;

/** Replication with real sockets and time: carries the machine's inputs and effects, and decides nothing. */
export class Replication {
  readonly machine: Replicator;
  readonly #parts: ReplicationParts;
  readonly #server: TwinServer;
  readonly #sockets = new Map<number, Socket>();
  #twin: DialledTwin | undefined;
  #timer: Timer | undefined;
  #timerDueMs = Infinity;
  /** When each refusal was last told. */
  readonly #told = new Map<string, number>();
  /** The one that is being carried out, and those that it caused. */
  readonly #inputs: ReplicatorInput[] = [];
  /** The one that this step sends on: what it sends goes to the kernel together. */
  #corked: Socket | undefined;
  #nextAccepted = 2;
  #isStopped = false;

  constructor(parts: ReplicationParts) {
    const { settings, twin, ports, clock } = parts;
    this.#parts = parts;
    this.#twin = twin;
    const flushSoon = () => clock.soon(() => this.#step({ kind: 'flush' }));
    this.machine = new Replicator(settings, twin, { ...ports, flushSoon }, clock.monotonicMs());
    const refused = (text: string) =>
      this.#tell({ event: 'refused', by: 'us', reason: 'certificate', text, isLink: false });
    this.#server = new TwinServer(parts.server, (socket) => this.#accept(socket), refused);
  }

  /** Opens the listener and begins to dial. Rejects with an OperationalError that names the listener. */
  async start(): Promise<void> {
    await this.#server.start();
    this.#step({ kind: 'wake' });
  }

  /** Says goodbye on all connections; resolves when they are closed. */
  async stop(): Promise<void> {
    if (this.#isStopped) return;
    this.#step({ kind: 'stop' });
    this.#isStopped = true;
    this.#timer?.cancel();
    // What is left was being dialled.
    for (const socket of this.#sockets.values()) socket.destroy();
    await this.#server.stop(this.#parts.clock, CLOSE_MS);
  }

  /** The table `clusterer` says something else now. */
  changeTwin(twin: DialledTwin | undefined, isSeed: boolean): void {
    const moved = twin?.address.host !== this.#twin?.address.host || twin?.address.port !== this.#twin?.address.port;
    this.#twin = twin;
    if (moved) this.#step({ kind: 'twin', twin: undefined, isSeed });
    this.#step({ kind: 'twin', twin, isSeed });
  }

  roleChanged(): void {
    this.#step({ kind: 'role-changed' });
  }

  readinessChanged(): void {
    this.#step({ kind: 'readiness-changed' });
  }

  /** `ul_cluster_sync`: gets what this node is missing, without leaving what it has. False without a link. */
  sync(): boolean {
    const { outgoing } = this.machine;
    this.#step({ kind: 'sync' });
    return outgoing === 'in-sync' || outgoing === 'lagging' || outgoing === 'reconciling';
  }

  status(): ReplicationStatus {
    return this.machine.status(this.#parts.clock.monotonicMs());
  }

  /** What an effect, or a port, causes in its turn comes after the step that it belongs to: frames must not overtake each other. */
  #step(input: ReplicatorInput): void {
    this.#inputs.push(input);
    if (this.#inputs.length > 1) return;
    for (let next = this.#inputs[0]; next !== undefined; next = this.#inputs[0]) {
      if (!this.#isStopped) this.#carryOut(next);
      this.#inputs.shift();
    }
    this.#arm();
  }

  #carryOut(input: ReplicatorInput): void {
    for (const effect of this.machine.step(input, this.#parts.clock.monotonicMs())) this.#perform(effect);
    this.#corked?.uncork();
    this.#corked = undefined;
  }

  #perform(effect: ReplicatorEffect): void {
    switch (effect.kind) {
      case 'dial':
        return this.#dial(effect.link);
      case 'send':
        return this.#send(effect.link, effect.bytes);
      case 'close':
        return this.#close(effect.link);
      case 'event':
        return this.#tell(effect.event);
    }
  }

  /** What one step sends goes to the kernel together. */
  #send(link: number, bytes: Buffer): void {
    const socket = this.#sockets.get(link);
    if (socket === undefined) return;
    if (socket !== this.#corked) {
      this.#corked?.uncork();
      socket.cork();
      this.#corked = socket;
    }
    socket.write(bytes);
  }

  #close(link: number): void {
    const socket = this.#sockets.get(link);
    if (socket === undefined) return;
    this.#sockets.delete(link);
    socket.removeAllListeners('data');
    socket.resume();
    socket.end();
    const { clock } = this.#parts;
    const timer = clock.after(CLOSE_MS, () => socket.destroy());
    socket.once('close', () => timer.cancel());
  }

  #tell(event: ReplicatorEvent): void {
    const { log, onEvent } = this.#parts;
    const line = describeEvent(event, this.#twin?.nodeId);
    const isRepeated = this.#isRepeated(event);
    if (line !== undefined && !isRepeated) log[line.level](line.fields, line.message);
    onEvent?.(event, isRepeated);
  }

  /** What is wrong goes wrong once a second, and more often if somebody wants it to: one line a minute says so. */
  #isRepeated(event: ReplicatorEvent): boolean {
    if (event.event !== 'refused' && event.event !== 'protocol-error') return false;
    const what = event.event === 'refused' ? `${event.by} ${event.reason} ${withoutNumbers(event.text)}` : event.code;
    const nowMs = this.#parts.clock.monotonicMs();
    const toldMs = this.#told.get(what) ?? -Infinity;
    if (nowMs - toldMs < REPEAT_MS) return true;
    if (this.#told.size >= TOLD_MAX) this.#told.clear();
    this.#told.set(what, nowMs);
    return false;
  }

  #dial(link: number): void {
    const twin = this.#twin;
    if (twin === undefined) {
      this.#parts.clock.soon(() => this.#step({ kind: 'closed', link }));
      return;
    }
    const socket = this.#server.dial(twin.address);
    this.#sockets.set(link, socket);
    socket.once(this.#server.connectedEvent, () => this.#step({ kind: 'connected', link, dialled: true }));
    this.#watch(socket, link);
  }

  #accept(socket: Socket): void {
    if (this.#isStopped) {
      socket.destroy();
      return;
    }
    const link = this.#nextAccepted;
    this.#nextAccepted += 2;
    this.#sockets.set(link, socket);
    this.#watch(socket, link);
    this.#step({ kind: 'connected', link, dialled: false });
  }

  /** An error is followed by the close. */
  #watch(socket: Socket, link: number): void {
    socket.setNoDelay(true);
    readInTurns(socket, this.#parts.clock, (bytes) => this.#step({ kind: 'received', link, bytes }));
    let reason: string | undefined;
    socket.on('error', (err) => (reason = err.message));
    socket.once('close', () => {
      this.#sockets.delete(link);
      this.#step({ kind: 'closed', link, ...(reason === undefined ? {} : { reason }) });
    });
  }

  /** A timer that comes too early costs less than one that is moved with each frame. */
  #arm(): void {
    const { clock } = this.#parts;
    const dueMs = this.machine.nextWakeMs;
    if (this.#isStopped || dueMs >= this.#timerDueMs) return;
    this.#timer?.cancel();
    this.#timerDueMs = dueMs;
    this.#timer = clock.after(Math.max(0, dueMs - clock.monotonicMs()), () => {
      this.#timerDueMs = Infinity;
      this.#step({ kind: 'wake' });
    });
  }
}

/** A refusal for the clock names the time: it is the same one a second later. */
function withoutNumbers(text: string): string {
  return text.replaceAll(/\d+/g, '#');
}
