import type { CliCommand } from './cli-command.ts';
import { EXIT_OK } from './exit-code.ts';
import { jsonLine } from './json-line.ts';
import { callMi } from './mi-client.ts';
import {
  DAEMON_HELP,
  DAEMON_OPTIONS,
  DAEMON_USAGE,
  JSON_HELP,
  JSON_OPTION,
  parseOptions,
  socketPath,
} from './options.ts';
import { readStatistics } from './shown-statistics.ts';
import { terminalText } from './terminal-text.ts';

export const statsCommand: CliCommand = {
  name: 'stats',
  summary: 'show statistics, all or some',
  usage: `[--json] ${DAEMON_USAGE} [GROUP:|NAME…]`,
  help: [
    'GROUP: or NAME          a group with a colon (registrar:), a statistic (accepted_regs or registrar:accepted_regs)',
    JSON_HELP,
    ...DAEMON_HELP,
  ],
  async run(args, edges) {
    const { values, args: names } = parseOptions(args, { ...DAEMON_OPTIONS, ...JSON_OPTION }, ['[NAME…]']);
    const path = await socketPath(values, edges);
    const statistics = names.length === 0 ? ['all'] : names;
    const answer = await callMi(path, 'get_statistics', { statistics }, edges.clock);
    await edges.out.write(values.json === true ? jsonLine(answer) : groupedText(readStatistics(answer, path)));
    return EXIT_OK;
  },
};

/** A heading for each group, in the daemon's order, and below it a line for each statistic. */
function groupedText(statistics: ReadonlyMap<string, number>): string {
  const groups = new Map<string, (readonly [name: string, value: number])[]>();
  for (const [key, value] of statistics) {
    const colon = key.indexOf(':');
    const group = groups.get(key.slice(0, colon + 1)) ?? [];
    group.push([terminalText(key.slice(colon + 1)), value]);
    groups.set(key.slice(0, colon + 1), group);
  }
  const blocks = [...groups].map(([group, members]) => {
    const width = Math.max(...members.map(([name]) => name.length));
    const lines = members.map(([name, value]) => `  ${name.padEnd(width)}  ${value}\n`);
    return `${terminalText(group)}\n${lines.join('')}`;
  });
  return blocks.join('\n');
}
