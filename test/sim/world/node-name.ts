/** A has the lesser node id. */
export type NodeName = 'A' | 'B';

export const NODES: readonly NodeName[] = ['A', 'B'];

export function otherNode(node: NodeName): NodeName {
  return node === 'A' ? 'B' : 'A';
}
