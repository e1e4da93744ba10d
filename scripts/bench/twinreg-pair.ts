import { join } from 'node:path';
import { untilEachShowsTheOther } from './replicates.ts';
import { pairPlaces, type Place, type Server, type StartPair } from './server.ts';
import { startedServer } from './started-server.ts';
import { LAUNCHER, startProbedAt, runArguments, type ProbedServer } from './twinreg.ts';

export type PairPersistence = 'no-db' | 'sql-write-back';

/** Where a node of the pair stands, as both configurations name it. */
export interface PairNode {
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
export function pairNodes(port: number): { readonly active: PairNode; readonly passive: PairNode } {
  const { active, passive } = pairPlaces(port);
  return { active: { id: 1, place: active }, passive: { id: 2, place: passive } };
}

/** @param sip the section `sip`; none for the embedded engine */
export function startNode(
  folder: string,
  persistence: PairPersistence,
  own: PairNode,
  other: PairNode,
  sip = '',
): Promise<Server> {
  const run = runArguments(folder, configuration(persistence, own, other) + sip);
  return startedServer(`twinreg at ${own.place.address}`, own.place, [LAUNCHER, ...run]);
}

/** One node with write-back and a watch on its event loop, whether the other one runs or not. */
export function startProbedNode(folder: string, own: PairNode, other: PairNode): Promise<ProbedServer> {
  return startProbedAt(folder, own.place, configuration('sql-write-back', own, other));
}

/** From the port of SIP to that of replication: drachtio-server has the former over TCP too. */
const REPLICATION_PORT_OFFSET = 1000;

function configuration(persistence: PairPersistence, own: PairNode, other: PairNode): string {
  const nodeInfo = ({ id, place }: PairNode): string =>
    `"cluster_id=1,node_id=${id},url=bin:${place.address}:${replicationPort(place)}${id === 1 ? ',flags=seed' : ''}"`;
  const { address, port } = own.place;
  return `listen: [udp:${address}:${port}, bin:${address}:${replicationPort(own.place)}]
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

function replicationPort({ port }: Place): number {
  return port + REPLICATION_PORT_OFFSET;
}
