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

export const reloadCommand: CliCommand = {
  name: 'reload',
  summary: 'make the daemon read its configuration file again',
  usage: `[--json] ${DAEMON_USAGE}`,
  help: [JSON_HELP, ...DAEMON_HELP],
  async run(args, edges) {
    const { values } = parseOptions(args, { ...JSON_OPTION, ...DAEMON_OPTIONS });
    const answer = await callMi(await socketPath(values, edges), 'reload', {}, edges.clock);
    await edges.out.write(values.json === true ? jsonLine(answer) : reloadText(answer));
    return EXIT_OK;
  },
};

function reloadText(answer: unknown): string {
  const changed = keys(answer, 'changed');
  const restart = keys(answer, 'restart');
  const lines = [
    changed.length === 0 ? 'nothing changed in force' : `in force now: ${changed.join(', ')}`,
    ...(restart.length === 0 ? [] : [`waits for a restart: ${restart.join(', ')}`]),
  ];
  return `${lines.join('\n')}\n`;
}

function keys(answer: unknown, name: string): readonly string[] {
  const fields = new Map<string, unknown>(typeof answer === 'object' && answer !== null ? Object.entries(answer) : []);
  const found = fields.get(name);
  return Array.isArray(found) ? found.map(String) : [];
}
