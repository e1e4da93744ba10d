import { join } from 'node:path';
import { here, type Command } from './child.ts';
import type { Cleanup } from './cleanup.ts';
import { DemoNode, otherOf, type NodeId } from './demo-node.ts';
import type { Stage } from './stage.ts';

interface LoopbackParts {
  /** The first three numbers of the addresses: `127.0.0`. */
  readonly subnet: string;
  readonly folder: string;
  /** Why not in network namespaces. */
  readonly reason: string;
  readonly cleanup: Cleanup;
}

/**
 * Two nodes on loopback addresses of one machine. All of these addresses are here all the time, so that nothing can move them: the node that is active has bound
 * the common one, and the other one waits until it can. Of keepalived there is only what its notify script would do.
 */
export class LoopbackStage implements Stage {
  readonly description: readonly string[];
  readonly virtualAddress: string;
  readonly phonesAddress: string;
  readonly amongPhones: Command = here;
  readonly #nodes: Readonly<Record<NodeId, DemoNode>>;
  #isWatched = false;

  private constructor(nodes: Record<NodeId, DemoNode>, { subnet, reason }: LoopbackParts) {
    this.#nodes = nodes;
    this.virtualAddress = `${subnet}.100`;
    this.phonesAddress = `${subnet}.103`;
    this.description = [
      `Two nodes on this machine's loopback addresses ${subnet}.101 and ${subnet}.102 (${reason}).`,
      `Phones register at ${this.virtualAddress}, which only the active node has bound. There is no keepalived: this script plays it. It sees a`,
      'daemon end, and calls nh_enable_ping on the other node, as keepalived would have its notify script do.',
    ];
  }

  static async make(parts: LoopbackParts): Promise<LoopbackStage> {
    const { subnet, folder, cleanup } = parts;
    const places = {
      virtual: `${subnet}.100`,
      own: { 1: `${subnet}.101`, 2: `${subnet}.102` },
      http: undefined,
    };
    const make = (nodeId: NodeId) =>
      DemoNode.make({ nodeId, folder: join(folder, `node${String(nodeId)}`), places, onHost: here, cleanup });
    return new LoopbackStage({ 1: await make(1), 2: await make(2) }, parts);
  }

  node(nodeId: NodeId): DemoNode {
    return this.#nodes[nodeId];
  }

  async startNode(nodeId: NodeId): Promise<void> {
    const other = this.#nodes[otherOf(nodeId)];
    await this.#nodes[nodeId].start(() => this.#ended(other));
    // keepalived says so to a node that comes back while the other one has the address.
    if (this.#isWatched) await this.#nodes[nodeId].enablePing(false);
  }

  async watch(): Promise<void> {
    await this.#nodes[1].enablePing(true);
    await this.#nodes[2].enablePing(false);
    this.#isWatched = true;
  }

  /** A daemon has ended: the other one is master. */
  #ended(other: DemoNode): void {
    if (!this.#isWatched || !other.isRunning) return;
    // While everything is being cleaned up it may end in this moment.
    other.enablePing(true).catch(() => undefined);
  }
}
