import type { NodeRow } from '../cluster/ports.ts';
import { readNodes } from '../cluster/read-nodes.ts';
import { OperationalError } from '../core/errors.ts';
import { PING_RETRIES_USUAL } from '../core/node-bounds.ts';
import { parseNodeUrl } from '../core/node-url.ts';
import type { NewNodeRow } from '../storage/clusterer-order.ts';
import type { CliCommand } from './cli-command.ts';
import { CLUSTER_HELP, CLUSTER_OPTIONS, CLUSTER_USAGE, ClusterFile } from './cluster-file.ts';
import { clusterIdOption, nodeIdArgument, retriesOption } from './cluster-number.ts';
import { writeClusterChange } from './cluster-change.ts';
import { parseOptions } from './options.ts';
import { UsageError } from './usage-error.ts';

const OPTIONS = {
  ...CLUSTER_OPTIONS,
  cluster: { type: 'string' },
  seed: { type: 'boolean' },
  retries: { type: 'string' },
  description: { type: 'string' },
} as const;

/** What the column has room for in OpenSIPS's own schema. */
const DESCRIPTION_LENGTH_MAX = 64;

export const clusterAddCommand: CliCommand = {
  name: 'cluster add',
  summary: 'add a node to the cluster, this one or the other',
  usage: `[--cluster ID] [--seed] [--retries N] [--description TEXT] ${CLUSTER_USAGE} NODE_ID URL`,
  help: [
    "NODE_ID                 the node's number, which is my_node_id in its configuration",
    'URL                     where it listens: bin:10.0.0.177, with :PORT if that is not 5555',
    '--cluster ID            the cluster, by default usrloc.location_cluster of the configuration, else 1',
    '--seed                  it may call itself synced when it starts and finds nobody; for one of the nodes',
    '--retries N             heartbeats in a row that may go unanswered, by default 3',
    '--description TEXT      a note for people',
    ...CLUSTER_HELP,
    '',
    'Each node has its own table, with the rows of both. A daemon that runs reads it again.',
  ],
  async run(args, edges) {
    const { values, args: found } = parseOptions(args, OPTIONS, ['NODE_ID', 'URL']);
    const [number = '', url = ''] = found;
    const nodeId = nodeIdArgument(number);
    const noPingRetries = retriesOption(values.retries, PING_RETRIES_USUAL);
    checkTexts(url, values.description);
    const file = await ClusterFile.find(values, edges);
    const clusterId = clusterIdOption(values.cluster, file.usualClusterId);
    file.refuseConfigured();
    const flags = values.seed === true ? 'seed' : undefined;
    const row: NewNodeRow = { clusterId, nodeId, url, noPingRetries, flags, description: values.description };
    refuseRow(row, await file.rows());
    await file.write({ type: 'add', row });
    const text = `node ${nodeId} of cluster ${clusterId} added: ${url}${flags === undefined ? '' : ', seed'}`;
    const change = { text, change: 'added', clusterId, nodeId, url } as const;
    return writeClusterChange(file, change, values.json === true, edges);
  },
};

function checkTexts(url: string, description: string = ''): void {
  const parsed = parseNodeUrl(url);
  if (!parsed.ok) throw new UsageError(`URL: '${url}': ${parsed.message}`);
  if (description.length <= DESCRIPTION_LENGTH_MAX) return;
  throw new UsageError(
    `--description: expected at most ${DESCRIPTION_LENGTH_MAX} characters, found ${description.length}`,
  );
}

function refuseRow({ clusterId, nodeId, url }: NewNodeRow, rows: readonly NodeRow[]): void {
  const known = rows.find((row) => row.cluster_id === clusterId && row.node_id === nodeId);
  if (known !== undefined) {
    const place = `${String(known.url)} (row ${String(known.id)} of the table)`;
    throw new OperationalError(`node ${nodeId} of cluster ${clusterId} is there already, at ${place}; remove it first`);
  }
  const nodes = readNodes(rows).nodes.filter((node) => node.clusterId === clusterId);
  const here = nodes.find((node) => node.url === url);
  if (here !== undefined)
    throw new OperationalError(`node ${here.nodeId} of cluster ${clusterId} is at ${url} already`);
  const enabled = nodes.filter(({ isEnabled }) => isEnabled).map((node) => node.nodeId);
  if (enabled.length < 2) return;
  throw new OperationalError(
    `cluster ${clusterId} has nodes ${enabled.join(' and ')}, and a third node is not supported yet; remove one of them first`,
  );
}
