import type { CliEdges } from './cli-command.ts';
import type { ClusterFile } from './cluster-file.ts';
import { clusterReloaded, nextSteps, type Reloaded } from './cluster-reloaded.ts';
import { clusterVerdict } from './cluster-verdict.ts';
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
  const problems = clusterVerdict(await file.rows(), file.config);
  if (isJson) await edges.out.write(jsonLine(changeJson(file, change, reloaded, problems)));
  else {
    const lines = [change.text, ...problems, ...nextSteps(reloaded, problems)];
    await edges.out.write(lines.map((line) => `${terminalText(line)}\n`).join(''));
  }
  return EXIT_OK;
}

function changeJson(file: ClusterFile, change: ClusterChange, reloaded: Reloaded, problems: readonly string[]) {
  return {
    change: change.change,
    cluster_id: change.clusterId,
    node_id: change.nodeId,
    url: change.url,
    file: file.path,
    daemon: reloaded.kind,
    ...(reloaded.kind === 'refused' ? { reason: reloaded.reason } : {}),
    problems,
  };
}
