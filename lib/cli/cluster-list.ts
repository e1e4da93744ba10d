import * as z from 'zod';
import { CLUSTERER_COLUMNS, type NodeRow } from '../cluster/ports.ts';
import type { CliCommand, CliEdges } from './cli-command.ts';
import { CLUSTER_HELP, CLUSTER_OPTIONS, CLUSTER_USAGE, ClusterFile } from './cluster-file.ts';
import { clusterVerdict } from './cluster-verdict.ts';
import { EXIT_OK } from './exit-code.ts';
import { jsonLine } from './json-line.ts';
import { callMi, MiRefusal } from './mi-client.ts';
import { NoDaemon } from './no-daemon.ts';
import { parseOptions } from './options.ts';
import { terminalText } from './terminal-text.ts';
import { TextTable } from './text-table.ts';

const HEADINGS = ['CLUSTER', 'NODE', 'URL', 'STATE', 'RETRIES', 'FLAGS', 'DESCRIPTION', 'LINK'];
/** The last two are left out where they say nothing. */
const OPTIONAL_COLUMNS = 2;

export const clusterListCommand: CliCommand = {
  name: 'cluster list',
  summary: 'list the nodes of the cluster, and what is wrong with their rows',
  usage: CLUSTER_USAGE,
  help: [
    ...CLUSTER_HELP,
    '',
    'The rows are read from the file; what the links are like is asked of the daemon, if it runs.',
  ],
  async run(args, edges) {
    const { values } = parseOptions(args, CLUSTER_OPTIONS);
    const file = await ClusterFile.find(values, edges);
    const rows = await rowsOf(file);
    const links = await linksOf(file, edges);
    const problems = clusterVerdict(rows, file.config);
    if (values.json === true) {
      const nodes = rows.map((row) => ({ ...row, link_state: links.get(keyOf(row)) }));
      await edges.out.write(jsonLine({ file: file.path, nodes, problems }));
      return EXIT_OK;
    }
    await writeTable(rows, links, edges);
    for (const problem of problems) await edges.out.write(`${terminalText(problem)}\n`);
    return EXIT_OK;
  },
};

/** With `db_mode` 0 the nodes stand in the configuration, and look like rows here. */
async function rowsOf(file: ClusterFile): Promise<readonly NodeRow[]> {
  const { cluster, nodeId } = file.config;
  if (cluster?.nodes.kind !== 'configured') return file.rows();
  const { self, neighbours } = cluster.nodes;
  return [{ ...self, nodeId }, ...neighbours].map((info) => ({
    id: -1,
    cluster_id: info.clusterId,
    node_id: info.nodeId,
    url: info.url,
    state: 1,
    no_ping_retries: info.noPingRetries,
    priority: null,
    sip_addr: null,
    flags: info.flags ?? null,
    description: info.description ?? null,
  }));
}

const shownLinks = z.object({
  Clusters: z.array(
    z.object({
      cluster_id: z.number(),
      Nodes: z.array(z.object({ node_id: z.number(), link_state: z.string() })),
    }),
  ),
});

/** What the daemon says of each node; nothing where none runs. */
async function linksOf({ config }: ClusterFile, { clock }: CliEdges): Promise<ReadonlyMap<string, string>> {
  const links = new Map<string, string>();
  const answer = await callMi(config.miSocketPath, 'clusterer_list', {}, clock).catch((err: unknown) => {
    if (err instanceof NoDaemon || err instanceof MiRefusal) return undefined;
    throw err;
  });
  for (const { cluster_id, Nodes } of shownLinks.safeParse(answer).data?.Clusters ?? []) {
    links.set(`${cluster_id}/${config.nodeId}`, 'this node');
    for (const { node_id, link_state } of Nodes) links.set(`${cluster_id}/${node_id}`, link_state);
  }
  return links;
}

async function writeTable(
  rows: readonly NodeRow[],
  links: ReadonlyMap<string, string>,
  { out, terminal }: CliEdges,
): Promise<void> {
  if (rows.length === 0) return out.write('there is no node in the table\n');
  const room = terminal === undefined ? undefined : { columns: terminal.size().columns, keep: 3 };
  const table = new TextTable(out, HEADINGS, { room, optionalColumns: OPTIONAL_COLUMNS });
  for (const row of rows)
    await table.row([...SHOWN.map((column) => cellText(row, column)), links.get(keyOf(row)) ?? '']);
  await table.end();
}

const SHOWN = [
  'cluster_id',
  'node_id',
  'url',
  'state',
  'no_ping_retries',
  'flags',
  'description',
] as const satisfies readonly (typeof CLUSTERER_COLUMNS)[number][];

function cellText(row: NodeRow, column: (typeof SHOWN)[number]): string {
  const value = row[column];
  if (column === 'state' && (value === 0 || value === 1)) return value === 1 ? 'enabled' : 'disabled';
  return value === null || value === undefined ? '' : String(value);
}

function keyOf({ cluster_id, node_id }: NodeRow): string {
  return `${String(cluster_id)}/${String(node_id)}`;
}
