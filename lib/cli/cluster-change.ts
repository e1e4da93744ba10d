import type { CliEdges } from './cli-command.ts';
import type { ClusterFile } from './cluster-file.ts';
import { daemonText, nextSteps } from './cluster-next.ts';
import { clusterReloaded, type Reloaded } from './cluster-reloaded.ts';
import { clusterVerdict, membershipBy } from './cluster-verdict.ts';
import { EXIT_OK } from './exit-code.ts';
import { jsonLine } from './json-line.ts';
import { terminalText } from './terminal-text.ts';

export interface ClusterChange {
  readonly text: string;
  readonly change: 'added' | 'removed';
  readonly clusterId: number;
  readonly nodeId: number;
  readonly url: string;
}

/** After a row was written: has a daemon that runs read it, and says what came of it and what to do next. */
export async function writeClusterChange(
  file: ClusterFile,
  change: ClusterChange,
  isJson: boolean,
  edges: CliEdges,
): Promise<number> {
  const reloaded = await clusterReloaded(file.config.miSocketPath, edges);
  const rows = await file.rows();
  const problems = clusterVerdict(rows, file.reader);
  const { rules } = file.reader;
  const membership = membershipBy(rows, file.reader);
  const next =
    rules === undefined || membership === undefined
      ? [...problems, daemonText(reloaded, problems)]
      : [...nextSteps({ change: change.change, rules, membership, reloaded }), OTHER_NODE];
  if (isJson) await edges.out.write(jsonLine({ ...changeJson(file, change, reloaded), problems, next }));
  else await edges.out.write([change.text, ...next].map((line) => `${terminalText(line)}\n`).join(''));
  return EXIT_OK;
}

const OTHER_NODE = 'the other node needs the same rows: run this command there too';

function changeJson(file: ClusterFile, change: ClusterChange, reloaded: Reloaded) {
  return {
    change: change.change,
    cluster_id: change.clusterId,
    node_id: change.nodeId,
    url: change.url,
    file: file.path,
    daemon: reloaded.kind,
    ...(reloaded.kind === 'refused' ? { reason: reloaded.reason } : {}),
  };
}
