import type { Test } from 'tap';
import { Daemon } from './daemon.ts';
import type { TestEngine } from './engines.ts';
import { loopbackAddress } from './free-port.ts';
import { PairLink } from './pair-link.ts';
import { differences, tableOf, type ShownTable } from './shown-table.ts';
import { tempFolder } from './temp-folder.ts';
import { CLUSTER_SECRET } from './raw-twin.ts';

export type NodeId = 1 | 2;

export interface PairOptions {
  /** Where the SIP of both nodes comes from; without it the embedded engine. */
  readonly engine?: TestEngine;
  /** The working mode; without it the preset `full-sharing-cluster`. */
  readonly usrloc?: readonly string[];
  /** Further lines of `clusterer`. */
  readonly clusterer?: readonly string[];
  /** Further sections, the same on both nodes. */
  readonly config?: string;
  /** Whether both have management over HTTP. */
  readonly http?: boolean;
  /** Whether the nodes reach each other through `link`, which can be frozen, cut, delayed and throttled. */
  readonly viaRelay?: boolean;
}

/** Where a node listens and what it keeps: a restart comes back to it. */
interface Place {
  readonly nodeId: NodeId;
  readonly address: string;
  readonly folder: string;
}

/** The port of replication; each node has an address of its own. */
const BIN_PORT = 5555;
const LOOK_EVERY_MS = 50;
/** Longer than any test needs on a machine that does other things too. */
const GIVE_UP_MS = 60_000;

/** Two daemons that hold the same bindings, each on a loopback address and a data folder of its own. They end with the test. */
export class Pair {
  /** Between the nodes; only with `viaRelay`. */
  readonly #link: PairLink | undefined;
  readonly #t: Test;
  readonly #options: PairOptions;
  readonly #places: Readonly<Record<NodeId, Place>>;
  readonly #nodes = new Map<NodeId, Daemon>();

  private constructor(t: Test, options: PairOptions, places: Record<NodeId, Place>, link: PairLink | undefined) {
    this.#t = t;
    this.#options = options;
    this.#places = places;
    this.#link = link;
  }

  /** Resolves when both nodes say that they are in sync. */
  static async start(t: Test, options: PairOptions = {}): Promise<Pair> {
    const places = { 1: newPlace(t, 1), 2: newPlace(t, 2) };
    const link =
      options.viaRelay === true ? await PairLink.start(t, binPlace(places[1]), binPlace(places[2])) : undefined;
    const pair = new Pair(t, options, places, link);
    await Promise.all([pair.restart(1), pair.restart(2)]);
    await pair.inSync();
    return pair;
  }

  get link(): PairLink {
    if (this.#link === undefined) throw new Error('the pair was not started with viaRelay');
    return this.#link;
  }

  node(nodeId: NodeId): Daemon {
    const node = this.#nodes.get(nodeId);
    if (node === undefined) throw new Error(`node ${nodeId} was never started`);
    return node;
  }

  /** Starts a node, or starts it again at its place with what it has on disk; the one before has ended. Resolves when it serves. */
  async restart(nodeId: NodeId): Promise<Daemon> {
    const { address, folder } = this.#places[nodeId];
    const port = this.#nodes.get(nodeId)?.port;
    const { engine, http = false } = this.#options;
    const options = {
      address,
      folder,
      bin: BIN_PORT,
      http,
      config: this.#config(nodeId),
      ...(engine === undefined ? {} : { engine }),
    };
    const node = await Daemon.start(this.#t, port === undefined ? options : { ...options, port });
    this.#nodes.set(nodeId, node);
    return node;
  }

  /** SIGKILL, and the end of the process. */
  async kill(nodeId: NodeId): Promise<void> {
    await this.node(nodeId).kill();
  }

  /** The process stands still, as a hung machine does: what comes to it waits in its sockets. */
  freeze(nodeId: NodeId): void {
    this.node(nodeId).signal('SIGSTOP');
  }

  thaw(nodeId: NodeId): void {
    this.node(nodeId).signal('SIGCONT');
  }

  /** Resolves when both nodes say that they are in sync, in both directions, and synced. */
  inSync(): Promise<void> {
    return this.#until('are in sync', async () => {
      const states = await this.#replications();
      return states.every(
        ({ outgoing, incoming, synced }) => outgoing === 'in-sync' && incoming === 'in-sync' && synced,
      );
    });
  }

  /** Resolves when both are in sync and nothing is under way any more: no request that waits, no change that travels. */
  async quiet(): Promise<void> {
    let before = '';
    await this.#until('have nothing to do', async () => {
      await this.inSync();
      const states = await Promise.all([this.node(1).status(), this.node(2).status()]);
      const now = JSON.stringify(
        states.map(({ registrations, replication }) => [registrations.accepted, replication?.head]),
      );
      const isStill = now === before && states.every(({ replication }) => replication?.lag_changes === 0);
      before = now;
      return isStill;
    });
  }

  /** What a node shows. */
  async table(nodeId: NodeId): Promise<ShownTable> {
    return tableOf(await this.node(nodeId).dump());
  }

  /** How the tables of both nodes differ, AoR by AoR, once nothing is under way; none: they show the same. */
  async differences(): Promise<readonly string[]> {
    await this.quiet();
    const [first, second] = await Promise.all([this.table(1), this.table(2)]);
    return differences(first, second);
  }

  /** Whether the last that a node said of its outgoing direction is that it is in sync: what it answered is on the other node. */
  saidInSync(nodeId: NodeId): boolean {
    return this.node(nodeId).log.findLast(({ msg }) => msg === 'replication state changed')?.['to'] === 'in-sync';
  }

  async #replications() {
    const states = await Promise.all([this.node(1).status(), this.node(2).status()]);
    return states.flatMap(({ replication }) => replication ?? []);
  }

  async #until(what: string, isSo: () => Promise<boolean>): Promise<void> {
    const untilMs = performance.now() + GIVE_UP_MS;
    while (!(await isSo())) {
      if (performance.now() > untilMs) {
        const states = JSON.stringify(await this.#replications());
        throw new Error(`not within ${GIVE_UP_MS / 1000} s did both nodes say that they ${what}: ${states}`);
      }
      await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
    }
  }

  #config(nodeId: NodeId): string {
    const { usrloc = ['working_mode_preset: full-sharing-cluster'], clusterer = [], config = '' } = this.#options;
    const other = this.#places[nodeId === 1 ? 2 : 1];
    const place = this.#link?.placeOf(other.nodeId) ?? binPlace(other);
    const lines = [
      'usrloc:',
      '  location_cluster: 1',
      ...usrloc.map((line) => `  ${line}`),
      'clusterer:',
      `  my_node_id: ${nodeId}`,
      '  db_mode: 0',
      `  my_node_info: ${nodeInfo(nodeId, binPlace(this.#places[nodeId]))}`,
      `  neighbor_node_info: ${nodeInfo(other.nodeId, place)}`,
      // The seed is synced at once, and the other one by it.
      '  seed_fallback_interval: 0',
      `  secret: ${CLUSTER_SECRET}`,
      ...clusterer.map((line) => `  ${line}`),
      /^nathelper:/m.test(config) ? '' : 'nathelper: {natping_interval: 0}',
      config,
    ];
    return lines.join('\n');
  }
}

function newPlace(t: Test, nodeId: NodeId): Place {
  return { nodeId, address: loopbackAddress(), folder: tempFolder(t) };
}

function binPlace({ address }: Place) {
  return { address, port: BIN_PORT };
}

function nodeInfo(nodeId: NodeId, { address, port }: { readonly address: string; readonly port: number }): string {
  const seed = nodeId === 1 ? ',flags=seed' : '';
  return `"cluster_id=1,node_id=${nodeId},url=bin:${address}:${port}${seed}"`;
}
