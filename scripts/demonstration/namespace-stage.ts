import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { Child, type Command } from './child.ts';
import type { Cleanup } from './cleanup.ts';
import { DemoNode, type NodeId, type Places } from './demo-node.ts';
import { makeNetwork, type DemoHost, type DemoNetwork } from './network.ts';
import type { Stage } from './stage.ts';
import { waitUntil, within } from './wait.ts';

const KEEPALIVED = resolve(import.meta.dirname, '../../keepalived');

/** On its own host each node has the usual place of management. */
const HTTP = '127.0.0.1:8888';

const START_MS = 30_000;
const STOP_MS = 3000;

/** Two hosts and one for phones, in network namespaces, with real keepalived. The demonstration plays systemd: it writes the files `down`. */
export class NamespaceStage implements Stage {
  readonly description: readonly string[];
  readonly virtualAddress: string;
  readonly phonesAddress: string;
  readonly amongPhones: Command;
  readonly #network: DemoNetwork;
  readonly #nodes: Readonly<Record<NodeId, DemoNode>>;
  readonly #folder: string;
  readonly #cleanup: Cleanup;

  private constructor(network: DemoNetwork, nodes: Record<NodeId, DemoNode>, folder: string, cleanup: Cleanup) {
    this.#network = network;
    this.#nodes = nodes;
    this.#folder = folder;
    this.#cleanup = cleanup;
    this.virtualAddress = network.virtualAddress;
    this.phonesAddress = network.phones.address;
    this.amongPhones = network.phones.command;
    this.description = [
      `Two hosts in network namespaces, ${network.one.address} and ${network.two.address}, each with a twinreg and a real keepalived`,
      `of its own, and ${network.phones.address} with the phones. keepalived moves ${network.virtualAddress}, where phones register.`,
    ];
  }

  static async make(folder: string, cleanup: Cleanup): Promise<NamespaceStage> {
    const network = await makeNetwork(cleanup);
    const { one, two, virtualAddress: virtual } = network;
    const places: Places = { virtual, own: { 1: one.address, 2: two.address }, http: HTTP };
    const make = (nodeId: NodeId, { command }: DemoHost) =>
      DemoNode.make({ nodeId, folder: join(folder, `node${String(nodeId)}`), places, onHost: command, cleanup });
    const nodes = { 1: await make(1, one), 2: await make(2, two) };
    return new NamespaceStage(network, nodes, folder, cleanup);
  }

  node(nodeId: NodeId): DemoNode {
    return this.#nodes[nodeId];
  }

  async startNode(nodeId: NodeId): Promise<void> {
    const node = this.#nodes[nodeId];
    await node.start(() => writeDown(node, 1));
    writeDown(node, 0);
  }

  async watch(): Promise<void> {
    const scripts = join(this.#folder, 'keepalived');
    mkdirSync(scripts, { mode: 0o755 });
    for (const name of ['notify.sh', 'check.sh']) copyFileSync(join(KEEPALIVED, name), join(scripts, name));
    await this.#startKeepalived(1, scripts);
    await waitUntil(`node 1 has ${this.virtualAddress}`, () =>
      this.#network.one.addresses().includes(this.virtualAddress),
    );
    await this.#startKeepalived(2, scripts);
  }

  async #startKeepalived(nodeId: NodeId, scripts: string): Promise<void> {
    const { folder, onHost } = this.#nodes[nodeId];
    const file = (extension: string) => join(folder, `keepalived.${extension}`);
    writeFileSync(file('conf'), this.#keepalivedConf(nodeId, scripts));
    const command = onHost(
      'keepalived',
      ...['--vrrp', '--dont-fork', '--log-console', '--log-detail', '--use-file', file('conf')],
      ...['--pid', file('pid'), '--vrrp_pid', file('vrrp.pid')],
    );
    const env = { TWINREG_DATA: folder, TWINREG_MI: `http://${HTTP}/mi` };
    const child = new Child(`keepalived of node ${String(nodeId)}`, command, env);
    const started = child.said((line) => line.includes('Startup complete'));
    started.catch(() => undefined); // Cleaning up may come first.
    await this.#cleanup.add(() => child.stop(STOP_MS));
    await within(START_MS, `keepalived of node ${String(nodeId)} runs`, started);
  }

  /** The template with the values of this host at its top. */
  #keepalivedConf(nodeId: NodeId, scripts: string): string {
    const { one, two } = this.#network;
    const [own, twin] = nodeId === 1 ? [one, two] : [two, one];
    const values = {
      VIRTUAL_ADDRESS: this.virtualAddress,
      OWN_ADDRESS: own.address,
      TWIN_ADDRESS: twin.address,
      INTERFACE: 'eth0',
      PRIORITY: nodeId === 1 ? 150 : 100,
      DATA: this.#nodes[nodeId].folder,
      USER: 'root',
      SCRIPTS: scripts,
    };
    const template = readFileSync(join(KEEPALIVED, 'keepalived.conf'), 'utf8');
    return Object.entries(values).reduce((text, [name, value]) => {
      const line = new RegExp(`^\\$${name}=.*$`, 'm');
      if (!line.test(text)) throw new Error(`keepalived/keepalived.conf sets no $${name}`);
      return text.replace(line, () => `$${name}=${String(value)}`);
    }, template);
  }
}

/** What systemd's ExecStartPost and ExecStopPost write on a real host. */
function writeDown({ folder }: DemoNode, value: 0 | 1): void {
  writeFileSync(join(folder, 'down'), `${String(value)}\n`);
}
