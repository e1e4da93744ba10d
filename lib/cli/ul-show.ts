import { OperationalError } from '../core/errors.ts';
import { aorArgument } from './aor-argument.ts';
import type { CliCommand } from './cli-command.ts';
import { durationText } from './duration-text.ts';
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
import { shownAor, type ShownAor } from './shown-aor.ts';
import { terminalText } from './terminal-text.ts';

const LABEL_WIDTH = 14;

export const ulShowCommand: CliCommand = {
  name: 'ul show',
  summary: 'show the contacts of one address-of-record',
  usage: `[--json] ${DAEMON_USAGE} AOR`,
  help: ['AOR                     alice@example.com or sip:alice@example.com', JSON_HELP, ...DAEMON_HELP],
  async run(args, edges) {
    const { values, args: found } = parseOptions(args, { ...DAEMON_OPTIONS, ...JSON_OPTION }, ['AOR']);
    const aor = aorArgument(found[0] ?? '');
    const path = await socketPath(values, edges);
    const answer = await showContact(aor, (params) => callMi(path, 'ul_show_contact', params, edges.clock));
    await edges.out.write(values.json === true ? jsonLine(answer) : aorText(readAor(answer, path)));
    return EXIT_OK;
  },
};

type Ask = (params: { readonly table_name: string; readonly aor: string }) => Promise<unknown>;

/** "AOR not found" alone would leave open whether it was misspelt or has no contact now; both read alike to the daemon. */
async function showContact(aor: string, ask: Ask): Promise<unknown> {
  try {
    return await ask({ table_name: 'location', aor });
  } catch (err) {
    if (err instanceof MiRefusal && err.code === 404) {
      throw new OperationalError(`${aor} has no contact registered`, { cause: err });
    }
    throw err;
  }
}

function readAor(answer: unknown, path: string): ShownAor {
  const parsed = shownAor.safeParse(answer);
  if (parsed.success) return parsed.data;
  throw new OperationalError(`the daemon behind ${path} is of another version; ask it with --json`);
}

function aorText({ AOR, Contacts }: ShownAor): string {
  const blocks = Contacts.map((contact) =>
    Object.entries(contact)
      .map(([key, value]) => lineText(key, value))
      .join(''),
  );
  return `${terminalText(AOR)}\n${blocks.join('\n')}`;
}

function lineText(key: string, value: unknown): string {
  const text = key === 'Expires' && typeof value === 'number' ? `in ${durationText(value)}` : String(value);
  return `  ${key.padEnd(LABEL_WIDTH)}${terminalText(text)}`.trimEnd() + '\n';
}
