import * as z from 'zod';
import { CLUSTERER_COLUMNS, type NodeRow } from '../cluster/ports.ts';
import type { MembershipRules } from '../cluster/membership.ts';
import { OperationalError } from '../core/errors.ts';
import { parseNodeUrl } from '../core/node-url.ts';
import type { CliEdges } from './cli-command.ts';
import { callMi, MiRefusal } from './mi-client.ts';
import { NoDaemon } from './no-daemon.ts';

/** The nodes as the daemon goes by them. */
export interface DaemonNodes {
  readonly rules: MembershipRules;
  /** False where they stand in its configuration (`clusterer.db_mode` 0). */
  readonly isStored: boolean;
  readonly rows: readonly NodeRow[];
  readonly problems: readonly string[];
}

const shownNodes = z.object({
  cluster_id: z.number(),
  node_id: z.number(),
  listen: z.string(),
  nodes_in: z.string(),
  nodes: z.array(z.looseObject({})),
  problems: z.array(z.string()),
});

/** Asks the daemon. Rejects with a NoDaemon, and with a MiRefusal where it is in no cluster. */
export async function daemonNodes(socketPath: string, { clock }: CliEdges): Promise<DaemonNodes> {
  const parsed = shownNodes.safeParse(await callMi(socketPath, 'clusterer_nodes', {}, clock));
  const listen = parsed.success ? parseNodeUrl(parsed.data.listen) : undefined;
  if (!parsed.success || listen?.ok !== true) {
    throw new OperationalError(`the daemon behind ${socketPath} is of another version; ask it for clusterer_list`);
  }
  const { cluster_id: clusterId, node_id: nodeId, nodes_in: place, nodes, problems } = parsed.data;
  const { transport, host: address, port } = listen.value;
  const rules = { clusterId, nodeId, listen: { transport, address, port } };
  return { rules, isStored: place === 'table', rows: nodes.map(rowOf), problems };
}

/** The same of a daemon that need not be there, nor in a cluster, nor know the question. */
export async function daemonNodesIfAny(socketPath: string, edges: CliEdges): Promise<DaemonNodes | undefined> {
  try {
    return await daemonNodes(socketPath, edges);
  } catch (err) {
    if (err instanceof NoDaemon || err instanceof MiRefusal) return undefined;
    throw err;
  }
}

function rowOf(cells: Readonly<Record<string, unknown>>): NodeRow {
  const [id, cluster_id, node_id, url, state, no_ping_retries, priority, sip_addr, flags, description] =
    CLUSTERER_COLUMNS.map((column) => cells[column] ?? null);
  return { id, cluster_id, node_id, url, state, no_ping_retries, priority, sip_addr, flags, description };
}
