import { aorArgument } from './aor-argument.ts';
import type { CliCommand } from './cli-command.ts';
import { contactsOf } from './contacts-of.ts';
import { countText } from './count-text.ts';
import { durationText } from './duration-text.ts';
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
import { terminalText } from './terminal-text.ts';
import { UsageError } from './usage-error.ts';

const OPTIONS = {
  ...DAEMON_OPTIONS,
  ...JSON_OPTION,
  expires: { type: 'string' },
  q: { type: 'string' },
  cflags: { type: 'string' },
  flags: { type: 'string' },
  methods: { type: 'string' },
} as const;

const PERMANENT = 'permanent';

export const ulAddCommand: CliCommand = {
  name: 'ul add',
  summary: 'add a contact by hand, or change it',
  usage: `[--expires SECONDS] [--q Q] [--cflags "A B"] [--flags N] [--methods N] [--json] ${DAEMON_USAGE} AOR CONTACT`,
  help: [
    'AOR                     alice@example.com or sip:alice@example.com',
    'CONTACT                 sip:alice@192.0.2.20:5060',
    '--expires SECONDS       how long it is to stay; without it, or with `permanent`, until it is removed',
    '--q Q                   its preference from 0 to 1, by default 1',
    '--cflags "A B"          its branch flags by name, such as SIPPING_ENABLE; by default none',
    '--flags N               its flags as a number, by default 0',
    '--methods N             the methods it accepts as a number, by default all',
    JSON_HELP,
    ...DAEMON_HELP,
  ],
  async run(args, edges) {
    const { values, args: found } = parseOptions(args, OPTIONS, ['AOR', 'CONTACT']);
    const [word = '', contact = ''] = found;
    const aor = aorArgument(word);
    const expiresS = secondsOf(values.expires);
    const { q = '1', cflags = '0', flags = '0', methods = '-1' } = values;
    const path = await socketPath(values, edges);
    const ask = (method: string, params: Readonly<Record<string, string>>) =>
      callMi(path, method, { table_name: 'location', aor, ...params }, edges.clock);
    const before = (await contactsOf(ask, path)).length;
    await ask('ul_add', { contact, expires: String(expiresS), q, cflags, flags, methods });
    const contacts = (await contactsOf(ask, path)).length;
    const change = contacts > before ? 'added' : 'changed';
    await edges.out.write(
      values.json === true
        ? jsonLine({ aor, contact, change, contacts })
        : terminalText(`${aor}: ${change} ${contact}, ${lifeText(expiresS)}; ${countText(contacts, 'contact')} now`) +
            '\n',
    );
    return EXIT_OK;
  },
};

/** Seconds as ul_add takes them: 0 for ever. An operator who writes 0 does not mean that. */
function secondsOf(text: string = PERMANENT): number {
  if (text === PERMANENT) return 0;
  if (/^[1-9]\d{0,9}$/.test(text)) return Number(text);
  throw new UsageError(`--expires: expected seconds from now, or 'permanent', found '${text}'`);
}

function lifeText(expiresS: number): string {
  return expiresS === 0 ? PERMANENT : `for ${durationText(expiresS)}`;
}
