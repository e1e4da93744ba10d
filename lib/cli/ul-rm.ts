import { OperationalError } from '../core/errors.ts';
import { aorArgument } from './aor-argument.ts';
import type { CliCommand } from './cli-command.ts';
import { contactsOf } from './contacts-of.ts';
import { countText } from './count-text.ts';
import { EXIT_OK } from './exit-code.ts';
import { jsonLine } from './json-line.ts';
import { callMi, MiRefusal } from './mi-client.ts';
import {
  DAEMON_HELP,
  DAEMON_OPTIONS,
  DAEMON_USAGE,
  JSON_HELP,
  JSON_OPTION,
  parseOptions,
  socketPath,
} from './options.ts';
import { terminalText } from './terminal-text.ts';

export const ulRmCommand: CliCommand = {
  name: 'ul rm',
  summary: 'remove an address-of-record, or one contact of it',
  usage: `[--json] ${DAEMON_USAGE} AOR [CONTACT]`,
  help: [
    'AOR                     alice@example.com or sip:alice@example.com',
    'CONTACT                 its URI as `ul show` has it; without one all contacts are removed',
    JSON_HELP,
    ...DAEMON_HELP,
    '',
    'The phone is not told; it comes back with its next REGISTER.',
  ],
  async run(args, edges) {
    const { values, args: found } = parseOptions(args, { ...DAEMON_OPTIONS, ...JSON_OPTION }, ['AOR', '[CONTACT]']);
    const [word = '', contact] = found;
    const aor = aorArgument(word);
    const path = await socketPath(values, edges);
    const ask = (method: string, params: Readonly<Record<string, string>>) =>
      callMi(path, method, { table_name: 'location', aor, ...params }, edges.clock);
    const before = (await contactsOf(ask, path)).length;
    try {
      await (contact === undefined ? ask('ul_rm', {}) : ask('ul_rm_contact', { contact }));
    } catch (err) {
      throw notThere(err, aor, before === 0 ? undefined : contact);
    }
    const left = (await contactsOf(ask, path)).length;
    const removed = Math.max(before - left, 0);
    await edges.out.write(
      values.json === true
        ? jsonLine({ aor, removed, left })
        : `${terminalText(aor)}: ${countText(removed, 'contact')} removed, ${left} left\n`,
    );
    return EXIT_OK;
  },
};

function notThere(err: unknown, aor: string, contact: string | undefined): unknown {
  if (!(err instanceof MiRefusal) || err.code !== 404) return err;
  const what = contact === undefined ? 'no contact registered' : `no contact ${contact}`;
  return new OperationalError(`${aor} has ${what}`, { cause: err });
}
