import * as z from 'zod';
import type { CLUSTERER_COLUMNS, NodeRow } from '../cluster/ports.ts';
import type { CliCommand, CliEdges } from './cli-command.ts';
import { CLUSTER_HELP, CLUSTER_OPTIONS, ClusterFile } from './cluster-file.ts';
import { daemonNodes } from './daemon-nodes.ts';
import { EXIT_OK } from './exit-code.ts';
import { jsonLine } from './json-line.ts';
import { listedByDaemon, listedFrom, type ListedNodes } from './listed-nodes.ts';
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
  usage: '[--json] [-f FILE] [--data DIR | --socket PATH]',
  help: [
    ...CLUSTER_HELP,
    '--socket PATH           management socket of the daemon, which then says all that is shown',
    '',
    'The rows are read from the table. Nodes that stand in a configuration (clusterer.db_mode is 0) are shown as the daemon',
    'has them, if it runs. What the links are like is asked of the daemon, too.',
  ],
  async run(args, edges) {
    const { values } = parseOptions(args, { ...CLUSTER_OPTIONS, socket: { type: 'string' } });
    const { socket } = values;
    const listed =
      socket === undefined
        ? await listedFrom(await ClusterFile.find(values, edges))
        : listedByDaemon(await daemonNodes(socket, edges), socket);
    const links = await linksOf(listed, edges);
    if (values.json === true) await edges.out.write(jsonLine(listedJson(listed, links)));
    else await writeText(listed, links, edges);
    return EXIT_OK;
  },
};

type Links = ReadonlyMap<string, string>;

const shownLinks = z.object({
  Clusters: z.array(
    z.object({
      cluster_id: z.number(),
      Nodes: z.array(z.object({ node_id: z.number(), link_state: z.string() })),
    }),
  ),
});

/** What the daemon says of each node; nothing where none runs. */
async function linksOf({ socketPath, nodeId }: ListedNodes, { clock }: CliEdges): Promise<Links> {
  const links = new Map<string, string>();
  const answer = await callMi(socketPath, 'clusterer_list', {}, clock).catch((err: unknown) => {
    if (err instanceof NoDaemon || err instanceof MiRefusal) return undefined;
    throw err;
  });
  for (const { cluster_id, Nodes } of shownLinks.safeParse(answer).data?.Clusters ?? []) {
    links.set(`${cluster_id}/${nodeId}`, 'this node');
    for (const { node_id, link_state } of Nodes) links.set(`${cluster_id}/${node_id}`, link_state);
  }
  return links;
}

function listedJson({ rows, problems, file, isStored }: ListedNodes, links: Links) {
  return {
    nodes_in: isStored ? 'table' : 'configuration',
    ...(file === undefined ? {} : { file }),
    nodes: rows.map((row) => ({ ...row, link_state: links.get(keyOf(row)) })),
    problems,
  };
}

async function writeText({ rows, problems, place }: ListedNodes, links: Links, edges: CliEdges): Promise<void> {
  if (rows.length > 0) await writeTable(rows, links, edges);
  const lines = rows.length > 0 ? problems : [`there is no node in ${place}`, ...problems];
  await edges.out.write(lines.map((line) => `${terminalText(line)}\n`).join(''));
}

async function writeTable(rows: readonly NodeRow[], links: Links, { out, terminal }: CliEdges): Promise<void> {
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
