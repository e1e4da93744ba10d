import type { Command } from './child.ts';
import type { DemoNode, NodeId } from './demo-node.ts';

/** Where the demonstration plays: two nodes, an address that moves between them, and a place for phones. */
export interface Stage {
  /** What is real and what is not, a sentence each. */
  readonly description: readonly string[];
  /** Where phones register. */
  readonly virtualAddress: string;
  /** Where phones are, and how a program is put there. */
  readonly phonesAddress: string;
  readonly amongPhones: Command;
  node(nodeId: NodeId): DemoNode;
  /** Starts the daemon of a node; resolves when it serves, or waits for the address. */
  startNode(nodeId: NodeId): Promise<void>;
  /** From now on somebody moves the address to the node that can serve; node 1 gets it first. */
  watch(): Promise<void>;
}
