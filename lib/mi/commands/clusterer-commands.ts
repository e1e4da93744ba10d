import type { MiCommand } from '../mi-command.ts';
import { clustererListCommands } from './clusterer-list.ts';
import { clustererNodesCommand } from './clusterer-nodes.ts';
import type { ClusterPort } from './clusterer-port.ts';
import { clustererReloadCommand } from './clusterer-reload.ts';
import { clustererSetStatusCommand } from './clusterer-set-status.ts';

/** The commands of clusterer. They are there without a cluster too, and say that there is none. */
export function clustererCommands(cluster: ClusterPort): readonly MiCommand[] {
  return [
    clustererReloadCommand(cluster),
    clustererSetStatusCommand(cluster),
    ...clustererListCommands(cluster),
    clustererNodesCommand(cluster),
  ];
}
