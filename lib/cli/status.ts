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
import { readStatus } from './shown-status.ts';
import { statusText } from './status-text.ts';

export const statusCommand: CliCommand = {
  name: 'status',
  summary: 'show the state of the running daemon',
  usage: `[--json] ${DAEMON_USAGE}`,
  help: [JSON_HELP, ...DAEMON_HELP],
  async run(args, edges) {
    const { values } = parseOptions(args, { ...DAEMON_OPTIONS, ...JSON_OPTION });
    const path = await socketPath(values, edges);
    const answer = await callMi(path, 'status', {}, edges.clock);
    const text = values.json === true ? jsonLine(answer) : statusText(readStatus(answer, path));
    await edges.out.write(text);
    return EXIT_OK;
  },
};
