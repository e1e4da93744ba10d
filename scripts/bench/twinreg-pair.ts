import { join } from 'node:path';
import { untilEachShowsTheOther } from './replicates.ts';
import { pairPlaces, type Place, type Server, type StartPair } from './server.ts';
import { startedServer } from './started-server.ts';
import { LAUNCHER, startProbedAt, runArguments, type ProbedServer } from './twinreg.ts';

export type PairPersistence = 'no-db' | 'sql-write-back';

/** Where a node of the pair stands, as both configurations name it. */
interface Node {
  readonly id: number;
  readonly place: Place;
}

/** Two nodes of our own that hold the same bindings, each started by its launcher as an operator starts it; no pings. */
export function startTwinregPair(persistence: PairPersistence): StartPair {
  return async (folder, port) => {
    const { active, passive } = pairNodes(port);
    const nodes: Server[] = [];
    const stop = async (): Promise<void> => {
      await Promise.all(nodes.map((node) => node.stop()));
    };
    try {
      const first = await startNode(join(folder, 'active'), persistence, active, passive);
      nodes.push(first);
      const second = await startNode(join(folder, 'passive'), persistence, passive, active);
      nodes.push(second);
      await untilEachShowsTheOther(first, second);
      return { name: `twinreg pair, ${persistence.replace('sql-', '')}`, active: first, passive: second, stop };
    } catch (error) {
      await stop();
      throw error;
    }
  };
}

/** The node with the smaller id is the active one. It is the seed; the other one dials it. */
export function pairNodes(port: number): { readonly active: Node; readonly passive: Node } {
  const { active, passive } = pairPlaces(port);
  return { active: { id: 1, place: active }, passive: { id: 2, place: passive } };
}

function startNode(folder: string, persistence: PairPersistence, own: Node, other: Node): Promise<Server> {
  const run = runArguments(folder, configuration(persistence, own, other));
  return startedServer(`twinreg at ${own.place.address}`, own.place, [LAUNCHER, ...run]);
}

/** One node with write-back and a watch on its event loop, whether the other one runs or not. */
export function startProbedNode(folder: string, own: Node, other: Node): Promise<ProbedServer> {
  return startProbedAt(folder, own.place, configuration('sql-write-back', own, other));
}

/** Replication has the same port number as SIP, over TCP. */
function configuration(persistence: PairPersistence, own: Node, other: Node): string {
  const nodeInfo = ({ id, place }: Node): string =>
    `"cluster_id=1,node_id=${id},url=bin:${place.address}:${place.port}${id === 1 ? ',flags=seed' : ''}"`;
  const { address, port } = own.place;
  return `listen: [udp:${address}:${port}, bin:${address}:${port}]
usrloc:
  location_cluster: 1
${MODES[persistence]}
nathelper: {natping_interval: 0}
mi: {http: off, fifo_name: off}
clusterer:
  my_node_id: ${own.id}
  db_mode: 0
  my_node_info: ${nodeInfo(own)}
  neighbor_node_info: ${nodeInfo(other)}
  seed_fallback_interval: 1
  secret: only-for-the-bench-0123456789abcdef
`;
}

const MODES: Readonly<Record<PairPersistence, string>> = {
  'no-db': '  cluster_mode: full-sharing\n  restart_persistency: sync-from-cluster',
  'sql-write-back': '  working_mode_preset: full-sharing-cluster',
};
