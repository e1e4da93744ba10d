import { OperationalError } from '../core/errors.ts';
import { HANDOVER_LIMIT_S_MAX } from '../role/handover.ts';
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
import { UsageError } from './usage-error.ts';

export const handoverCommand: CliCommand = {
  name: 'handover',
  summary: 'give the address to the other node: a planned switch',
  usage: `[--check] [--timeout S] [--json] ${DAEMON_USAGE}`,
  help: [
    '--check                 only say whether it would be tried now, and if not, why',
    '--timeout S             give up after so many seconds, by default 10',
    JSON_HELP,
    ...DAEMON_HELP,
    '',
    'Run it on the active node. It is refused unless the other node is linked, in sync in both directions and ready. keepalived',
    'has to track the file handover in the data folder. The daemon carries it out, also when this command is interrupted.',
  ],
  async run(args, edges) {
    const options = {
      ...DAEMON_OPTIONS,
      ...JSON_OPTION,
      check: { type: 'boolean' },
      timeout: { type: 'string' },
    } as const;
    const { values } = parseOptions(args, options);
    const limit = values.timeout === undefined ? {} : { timeout: limitOf(values.timeout) };
    const path = await socketPath(values, edges);
    const say = (text: string) => (values.json === true ? Promise.resolve() : edges.out.write(text));
    await callMi(path, 'handover_check', {}, edges.clock);
    if (values.check === true) {
      await say('the other node is linked, in sync and ready: handover would be tried\n');
      if (values.json === true) await edges.out.write(jsonLine({ possible: true }));
      return EXIT_OK;
    }
    await say('the other node is linked, in sync and ready; asking keepalived to give the address away …\n');
    const answer = await callMi(path, 'handover', limit, edges.clock);
    if (values.json === true) await edges.out.write(jsonLine(answer));
    await say(doneText(answer, path));
    return EXIT_OK;
  },
};

function limitOf(text: string): number {
  const limit = /^\d{1,3}$/.test(text) ? Number(text) : 0;
  if (limit >= 1 && limit <= HANDOVER_LIMIT_S_MAX) return limit;
  throw new UsageError(`--timeout: expected 1 to ${String(HANDOVER_LIMIT_S_MAX)} seconds, found '${text}'`);
}

function doneText(answer: unknown, path: string): string {
  const { address_left_ms: leftMs, twin_active_ms: activeMs } = fieldsOf(answer);
  if (typeof leftMs !== 'number' || typeof activeMs !== 'number') {
    throw new OperationalError(`the daemon behind ${path} is of another version; ask it with --json`);
  }
  return `the address left after ${String(leftMs)} ms, the other node was active after ${String(activeMs)} ms: done\n`;
}

function fieldsOf(answer: unknown): { readonly address_left_ms?: unknown; readonly twin_active_ms?: unknown } {
  return typeof answer === 'object' && answer !== null ? answer : {};
}
