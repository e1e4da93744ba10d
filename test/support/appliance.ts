import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Test } from 'tap';
import { applianceNetwork, type Addresses, type ApplianceNetwork, type Host } from './appliance-network.ts';
import { ownScripts } from './appliance-script.ts';
import { Daemon } from './daemon.ts';
import type { DrachtioServer } from './drachtio/place.ts';
import { EMBEDDED, type TestEngine } from './engines.ts';
import { Keepalived, keepalivedConf, type KeepalivedValues } from './keepalived.ts';
import type { NodeId } from './pair.ts';
import { CLUSTER_SECRET } from './raw-twin.ts';
import { differences, tableOf, type ShownTable } from './shown-table.ts';
import { tempFolder } from './temp-folder.ts';
import { until } from './until.ts';
import { WireCapture } from './wire-capture.ts';

export interface ApplianceOptions {
  /** Where the SIP of both nodes comes from; without it the embedded engine. */
  readonly engine?: TestEngine;
  /** Sections of the configuration, the same on both nodes, beside those that make it a pair. */
  readonly config?: string;
  /** A node's whole configuration instead. */
  readonly wholeConfig?: (nodeId: NodeId, folder: string) => string;
  /** Changes keepalived.conf, which is the template filled in. */
  readonly editConf?: (conf: string, folder: string) => string;
  /** `net.ipv4.ip_nonlocal_bind` of both nodes. */
  readonly bindsAnyAddress?: boolean;
  readonly addresses?: Addresses;
}

const SIP_PORT = 5060;
const BIN_PORT = 5555;

/** On its host each node has the usual place of management. */
const MANAGEMENT = 'http://127.0.0.1:8888/mi';

/** What a node of the appliance has beside its host. */
interface ApplianceNode {
  readonly host: Host;
  readonly folder: string;
  readonly keepalived: Keepalived;
  readonly capture: WireCapture;
}

/**
 * Two nodes with real keepalived, each on a host of its own, and a client on a third one; see ApplianceNetwork. The test plays the
 * service manager: it writes the file `down` when a daemon starts and ends.
 */
export class Appliance {
  readonly network: ApplianceNetwork;
  readonly #t: Test;
  readonly #options: ApplianceOptions;
  readonly #nodes: Readonly<Record<NodeId, ApplianceNode>>;
  readonly #daemons = new Map<NodeId, Daemon>();

  private constructor(
    t: Test,
    options: ApplianceOptions,
    network: ApplianceNetwork,
    nodes: Record<NodeId, ApplianceNode>,
  ) {
    this.#t = t;
    this.#options = options;
    this.network = network;
    this.#nodes = nodes;
  }

  /** Resolves when both daemons are in sync and node 1 has the address and the role. */
  static async start(t: Test, options: ApplianceOptions = {}): Promise<Appliance> {
    const appliance = await Appliance.prepare(t, options);
    await Promise.all([appliance.startDaemon(1), appliance.startDaemon(2)]);
    await appliance.startKeepalived();
    return appliance;
  }

  /** The hosts; neither daemon nor keepalived runs yet. */
  static async prepare(t: Test, options: ApplianceOptions = {}): Promise<Appliance> {
    // What is made first goes last: nobody writes into a folder any more that is removed.
    const scripts = ownScripts(t);
    const folders = { 1: newFolders(t), 2: newFolders(t) };
    const network = applianceNetwork(t, options.bindsAnyAddress ?? true, options.addresses);
    const node = (nodeId: NodeId) => newNode(t, network, nodeId, { ...folders[nodeId], scripts }, options);
    return new Appliance(t, options, network, { 1: await node(1), 2: await node(2) });
  }

  /** On node 1 first; resolves when that has the address and the role, and both are in sync. */
  async startKeepalived(): Promise<void> {
    await this.keepalived(1).start();
    await until(() => this.hasAddress(1));
    await this.keepalived(2).start();
    await this.settled();
  }

  /** Where the SIP of both nodes comes from. */
  get engine(): TestEngine {
    return this.#options.engine ?? EMBEDDED;
  }

  /** Where phones register. */
  get server() {
    return { address: this.network.virtualAddress, port: SIP_PORT };
  }

  host(nodeId: NodeId): Host {
    return this.#nodes[nodeId].host;
  }

  keepalived(nodeId: NodeId): Keepalived {
    return this.#nodes[nodeId].keepalived;
  }

  /** What this node sends from the address that moves. */
  capture(nodeId: NodeId): WireCapture {
    return this.#nodes[nodeId].capture;
  }

  daemon(nodeId: NodeId): Daemon {
    const daemon = this.#daemons.get(nodeId);
    if (daemon === undefined) throw new Error(`node ${nodeId} was never started`);
    return daemon;
  }

  /** The drachtio-server of a node, which was started before its daemon. */
  drachtio(nodeId: NodeId): DrachtioServer {
    const { server } = this.daemon(nodeId);
    if (server === undefined) throw new Error(`node ${nodeId} has no drachtio-server`);
    return server;
  }

  /** Starts a node, or starts it again with what it has on disk; the one before has ended. Resolves when it serves. */
  async startDaemon(nodeId: NodeId): Promise<void> {
    const { host, folder } = this.#nodes[nodeId];
    const config = this.#config(nodeId);
    const { engine } = this;
    const place = { engine, folder, address: this.network.virtualAddress, port: SIP_PORT, within: host.within };
    const daemon = await Daemon.start(this.#t, { ...place, bin: BIN_PORT, binAddress: host.address, config });
    this.#daemons.set(nodeId, daemon);
    tracked(folder, 'down', 0);
    void daemon.ended().then(() => tracked(folder, 'down', 1));
  }

  /** What `twinreg handover` asks of keepalived, and takes back. */
  handover(nodeId: NodeId, isAsked: boolean): void {
    tracked(this.#nodes[nodeId].folder, 'handover', isAsked ? 1 : 0);
  }

  hasAddress(nodeId: NodeId): boolean {
    return this.host(nodeId).addresses().includes(this.network.virtualAddress);
  }

  /**
   * Resolves, when both are in sync and one of them alone (this one, if one is given) has the address and pings, to that one. The other
   * one could take over.
   */
  settled(expected?: NodeId): Promise<NodeId> {
    return until(async () => {
      const [active, passive] = this.hasAddress(1) ? ([1, 2] as const) : ([2, 1] as const);
      if (!this.hasAddress(active) || this.hasAddress(passive) || active !== (expected ?? active)) return false;
      const [own, other] = await Promise.all([this.daemon(active).status(), this.daemon(passive).status()]);
      const areInSync = [own, other].every(
        ({ replication }) => replication?.outgoing === 'in-sync' && replication.incoming === 'in-sync',
      );
      const isReady = own.replication?.twin_ready === true;
      return areInSync && isReady && own.pings.active && !other.pings.enabled && active;
    });
  }

  /** What a node shows. */
  async table(nodeId: NodeId): Promise<ShownTable> {
    return tableOf(await this.daemon(nodeId).dump());
  }

  /** How the tables of both nodes differ, AoR by AoR, while nobody registers; none: they show the same. */
  async differences(): Promise<readonly string[]> {
    return differences(await this.table(1), await this.table(2));
  }

  /** Whether the last that a node said of its outgoing direction is that it is in sync: what it answered is on the other node. */
  saidInSync(nodeId: NodeId): boolean {
    return this.daemon(nodeId).log.findLast(({ msg }) => msg === 'replication state changed')?.['to'] === 'in-sync';
  }

  #config(nodeId: NodeId): string {
    const { wholeConfig, config = '' } = this.#options;
    if (wholeConfig !== undefined) return wholeConfig(nodeId, this.#nodes[nodeId].folder);
    const nodeInfo = (id: NodeId) => {
      const seed = id === 1 ? ',flags=seed' : '';
      return `"cluster_id=1,node_id=${id},url=bin:${this.host(id).address}:${BIN_PORT}${seed}"`;
    };
    return [
      'usrloc: {working_mode_preset: full-sharing-cluster, location_cluster: 1}',
      'clusterer:',
      `  my_node_id: ${nodeId}`,
      '  db_mode: 0',
      `  my_node_info: ${nodeInfo(nodeId)}`,
      `  neighbor_node_info: ${nodeInfo(nodeId === 1 ? 2 : 1)}`,
      '  seed_fallback_interval: 0',
      `  secret: ${CLUSTER_SECRET}`,
      '  ping_interval: 1',
      '  ping_timeout: 500',
      'mi: {http: 127.0.0.1:8888, fifo_name: off}',
      config,
    ].join('\n');
  }
}

interface Folders {
  readonly data: string;
  /** Of keepalived. */
  readonly own: string;
}

function newFolders(t: Test): Folders {
  const data = tempFolder(t);
  tracked(data, 'down', 1);
  return { data, own: tempFolder(t) };
}

async function newNode(
  t: Test,
  network: ApplianceNetwork,
  nodeId: NodeId,
  { data, own, scripts }: Folders & { readonly scripts: string },
  { editConf = (conf) => conf }: ApplianceOptions,
): Promise<ApplianceNode> {
  const host = network.nodes[nodeId];
  const values: KeepalivedValues = {
    VIRTUAL_ADDRESS: network.virtualAddress,
    OWN_ADDRESS: host.address,
    TWIN_ADDRESS: network.nodes[nodeId === 1 ? 2 : 1].address,
    INTERFACE: 'eth0',
    PRIORITY: nodeId === 1 ? 150 : 100,
    DATA: data,
    USER: 'root',
    SCRIPTS: scripts,
  };
  const env = { TWINREG_DATA: data, TWINREG_MI: MANAGEMENT };
  const keepalived = new Keepalived(t, host, own, editConf(keepalivedConf(values), data), env);
  const capture = await WireCapture.start(t, host, { address: network.virtualAddress, port: SIP_PORT });
  return { host, folder: data, keepalived, capture };
}

/** Writes a file that keepalived tracks, so that it is there whole at once. */
function tracked(folder: string, name: 'down' | 'handover', value: 0 | 1): void {
  writeFileSync(join(folder, `${name}.new`), `${String(value)}\n`);
  renameSync(join(folder, `${name}.new`), join(folder, name));
}
