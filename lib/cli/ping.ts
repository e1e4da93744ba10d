import type { CliCommand } from './cli-command.ts';
import { EXIT_OK } from './exit-code.ts';
import { callMi } from './mi-client.ts';
import { DAEMON_HELP, DAEMON_OPTIONS, DAEMON_USAGE, parseOptions, socketPath } from './options.ts';
import { UsageError } from './usage-error.ts';
import { valueText } from './value-text.ts';

const STATUS: ReadonlyMap<string, string> = new Map([
  ['on', '1'],
  ['off', '0'],
]);

/** OpenSIPS's name for it says less than it does; scripts call `mi nh_enable_ping`, people this. */
export const pingCommand: CliCommand = {
  name: 'ping',
  summary: 'show whether this node pings its contacts, or switch it',
  usage: `${DAEMON_USAGE} [on|off]`,
  help: [
    'on, off                 ping from this node, or not: what nh_enable_ping 1 and 0 do; it outlasts a restart',
    ...DAEMON_HELP,
  ],
  words: [...STATUS.keys()],
  async run(args, edges) {
    const { values, args: words } = parseOptions(args, DAEMON_OPTIONS, ['[on|off]']);
    const [word] = words;
    const status = word === undefined ? undefined : STATUS.get(word);
    if (word !== undefined && status === undefined) throw new UsageError(`expected on or off, found '${word}'`);
    const path = await socketPath(values, edges);
    const answer = await callMi(path, 'nh_enable_ping', status === undefined ? {} : { status }, edges.clock);
    await edges.out.write(status === undefined ? stateText(answer) : `pings are ${word ?? ''} now\n`);
    return EXIT_OK;
  },
};

function stateText(answer: unknown): string {
  const isKnown = typeof answer === 'object' && answer !== null && 'Status' in answer;
  return isKnown ? `pings are ${answer.Status === 1 ? 'on' : 'off'}\n` : valueText(answer);
}
