import { OperationalError } from '../core/errors.ts';
import { historyRecord, readHistoryRecord, type HistoryEntry } from '../history/history-entry.ts';
import { HistoryFile, historyPath } from '../history/history-file.ts';
import { checkedConfig } from './checked-config.ts';
import type { CliCommand, CliEdges } from './cli-command.ts';
import { EXIT_OK } from './exit-code.ts';
import { historyText } from './history-text.ts';
import { jsonLine } from './json-line.ts';
import { callMi } from './mi-client.ts';
import { NoDaemon } from './no-daemon.ts';
import {
  configOptions,
  DAEMON_HELP,
  DAEMON_OPTIONS,
  DAEMON_USAGE,
  JSON_HELP,
  JSON_OPTION,
  parseOptions,
  socketPath,
} from './options.ts';
import { sinceMs } from './since.ts';
import { UsageError } from './usage-error.ts';

/** What fits on a screen, and what there is at most. */
const USUAL_COUNT = 40;
const COUNT_MAX = 2000;

type Values = Parameters<typeof socketPath>[0];

export const historyCommand: CliCommand = {
  name: 'history',
  summary: 'show the last failovers, link changes and faults, with reasons',
  usage: `[-n N] [--since TIME] [--json] ${DAEMON_USAGE}`,
  help: [
    `-n N                    the last N, by default ${String(USUAL_COUNT)}, with --since all of them`,
    "--since TIME            only what came later: 10min, 2h, 3d, 03:10, 2026-11-27 or '2026-11-27 03:10'",
    JSON_HELP,
    ...DAEMON_HELP,
    '',
    'Times are local; with --json they are UTC, and cluster_at has the time that both nodes go by. A daemon that does not',
    'run has left its history in the data folder, which is shown then.',
  ],
  async run(args, edges) {
    const options = {
      ...DAEMON_OPTIONS,
      ...JSON_OPTION,
      n: { type: 'string', short: 'n' },
      since: { type: 'string' },
    } as const;
    const { values } = parseOptions(args, options);
    const { since, n } = values;
    const fromMs = since === undefined ? -Infinity : sinceMs(since, edges.clock.wallMs());
    const count = n === undefined ? (since === undefined ? USUAL_COUNT : COUNT_MAX) : countOf(n);
    const all = await entriesOf(values, since === undefined ? count : COUNT_MAX, edges);
    const entries = all.filter(({ atMs }) => atMs >= fromMs).slice(-count);
    if (values.json === true) await edges.out.write(jsonLine({ events: entries.map(historyRecord) }));
    else await edges.out.write(entries.length === 0 ? 'nothing has happened\n' : historyText(entries));
    return EXIT_OK;
  },
};

function countOf(text: string): number {
  const count = /^\d{1,6}$/.test(text) ? Number(text) : 0;
  if (count === 0) throw new UsageError(`-n: expected a number above 0, found '${text}'`);
  return Math.min(count, COUNT_MAX);
}

/** From the daemon, or from what it has left. */
async function entriesOf(values: Values, count: number, edges: CliEdges): Promise<readonly HistoryEntry[]> {
  const path = await socketPath(values, edges);
  try {
    return entriesIn(await callMi(path, 'history', { count }, edges.clock), path);
  } catch (err) {
    if (!(err instanceof NoDaemon) || values.socket !== undefined) throw err;
    return entriesLeft(values, edges);
  }
}

function entriesIn(answer: unknown, path: string): readonly HistoryEntry[] {
  const events = typeof answer === 'object' && answer !== null && 'events' in answer ? answer.events : undefined;
  if (!Array.isArray(events)) throw new OperationalError(`the daemon behind ${path} is of another version`);
  return events.map(readHistoryRecord).filter((entry) => entry !== undefined);
}

async function entriesLeft(values: Values, edges: CliEdges): Promise<readonly HistoryEntry[]> {
  const options = configOptions(values);
  const { dataFolder } = checkedConfig(await edges.loadConfig(options), options).config;
  const path = historyPath(dataFolder);
  try {
    const entries = await new HistoryFile(path).read();
    await edges.err.write(`twinreg: the daemon is not running; this is what it has left in ${path}\n`);
    return entries;
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new OperationalError(`the daemon is not running, and its history cannot be read: ${reason}`, { cause });
  }
}
