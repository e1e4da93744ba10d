import type { NodeRow } from '../../../lib/cluster/ports.ts';

/** The tutorial's two rows: node 1 is 10.0.0.177 and the seed, node 2 is 10.0.0.178. A test may say otherwise. */
export function row(nodeId: number, cells: Partial<NodeRow> = {}): NodeRow {
  return {
    id: 13 + nodeId,
    cluster_id: 1,
    node_id: nodeId,
    url: `bin:10.0.0.${176 + nodeId}`,
    state: 1,
    no_ping_retries: 3,
    priority: 50,
    sip_addr: null,
    flags: nodeId === 1 ? 'seed' : null,
    description: null,
    ...cells,
  };
}
