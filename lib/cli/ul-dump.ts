import type { CliCommand } from './cli-command.ts';
import { EXIT_OK } from './exit-code.ts';
import { DAEMON_HELP, DAEMON_OPTIONS, DAEMON_USAGE, JSON_OPTION, parseOptions, socketPath } from './options.ts';
import { resultChunks } from './result-chunks.ts';
import { ulDumpTable } from './ul-dump-table.ts';

export const ulDumpCommand: CliCommand = {
  name: 'ul dump',
  summary: 'list all contacts',
  usage: `[--brief] [--json] ${DAEMON_USAGE}`,
  help: [
    '--brief                 only the addresses-of-record that have a contact',
    '--json                  one JSON object as ul_dump gives it, for programs',
    ...DAEMON_HELP,
    '',
    'On a terminal long columns are cut to its width; `twinreg ul dump | cat` shows all of them.',
  ],
  async run(args, edges) {
    const options = { ...DAEMON_OPTIONS, ...JSON_OPTION, brief: { type: 'boolean' } } as const;
    const { values } = parseOptions(args, options);
    const path = await socketPath(values, edges);
    const params = values.brief === true ? { brief: 1 } : {};
    if (values.json === true) {
      for await (const text of resultChunks(path, 'ul_dump', params, edges.clock)) await edges.out.write(text);
      await edges.out.write('\n');
    } else {
      await ulDumpTable(path, params, edges);
    }
    return EXIT_OK;
  },
};
