import type { DemoStatus, Row } from './demo-node.ts';

/** One node as it is shown beside the other one. */
export interface Side {
  readonly name: string;
  /** Undefined while it does not run. */
  readonly status: DemoStatus | undefined;
  readonly rows: readonly Row[] | undefined;
}

const GAP = '   |   ';

/** Two tables side by side, a line of text each. */
export function tablesText(left: Side, right: Side): readonly string[] {
  const [leftLines, rightLines] = [sideLines(left), sideLines(right)];
  const width = Math.max(...leftLines.map((line) => line.length));
  const height = Math.max(leftLines.length, rightLines.length);
  return Array.from({ length: height }, (_, at) => {
    return `${(leftLines[at] ?? '').padEnd(width)}${GAP}${rightLines[at] ?? ''}`.trimEnd();
  });
}

function sideLines({ name, status, rows }: Side): readonly string[] {
  if (status === undefined || rows === undefined) return [`${name}: DOES NOT RUN`, ''];
  const { role, pings, replication } = status;
  const inSync = replication.outgoing === 'in-sync' ? 'in sync' : 'alone';
  const pinged = `${String(pings.sent)} pings sent, ${String(pings.answered)} answered`;
  return [
    `${name}: ${role.active ? 'ACTIVE' : 'passive'}, ${inSync}; ${pinged}`,
    '',
    ...rows.map(({ aor, contact }) => `${aor}  ${contact}`),
  ];
}
