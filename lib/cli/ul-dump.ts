import { OperationalError } from '../core/errors.ts';
import type { CliCommand, CliEdges } from './cli-command.ts';
import { DumpReader } from './dump-reader.ts';
import { durationText } from './duration-text.ts';
import { EXIT_OK } from './exit-code.ts';
import { replyChunks, resultOf } from './mi-client.ts';
import { DAEMON_HELP, DAEMON_OPTIONS, parseOptions, socketPath } from './options.ts';
import { shownAor } from './shown-aor.ts';
import { TextTable } from './text-table.ts';

const HEADINGS = ['AOR', 'CONTACT', 'EXPIRES IN', 'RECEIVED', 'USER AGENT'];

export const ulDumpCommand: CliCommand = {
  name: 'ul dump',
  summary: 'list all contacts',
  usage: '[--json] [-f FILE | --data DIR | --socket PATH]',
  help: ['--json                  one JSON object as ul_dump gives it, for programs', ...DAEMON_HELP],
  async run(args, edges) {
    const { values } = parseOptions(args, { ...DAEMON_OPTIONS, json: { type: 'boolean' } });
    const path = await socketPath(values, edges);
    await (values.json === true ? dumpJson(path, edges) : dumpTable(path, edges));
    return EXIT_OK;
  },
};

/** Both forms pass the AoRs on as they arrive: half a million of them must not need memory here either. */
async function dumpTable(path: string, edges: CliEdges): Promise<void> {
  const table = new TextTable(edges.out, HEADINGS);
  const reader = new DumpReader();
  for await (const chunk of replyChunks(path, 'ul_dump', {}, edges.clock)) {
    for (const element of reader.push(chunk)) {
      for (const row of rowsOf(element, path)) await table.row(row);
    }
  }
  resultOf(reader.frame(), path);
  await table.end('no contact is registered\n');
}

function rowsOf(element: string, path: string): readonly (readonly string[])[] {
  const parsed = shownAor.safeParse(JSON.parse(element));
  if (!parsed.success)
    throw new OperationalError(`the daemon behind ${path} is of another version; ask it with --json`);
  const { AOR, Contacts } = parsed.data;
  return Contacts.map(({ Contact, Expires, Received, 'User-agent': userAgent }) => {
    const expires = typeof Expires === 'number' ? durationText(Expires) : Expires;
    return [AOR, Contact, expires, Received ?? '', userAgent];
  });
}

/** The AoRs go between the two halves of the reply without them, in which `AORs` is the one empty list. */
async function dumpJson(path: string, edges: CliEdges): Promise<void> {
  const reader = new DumpReader();
  let separator = '';
  for await (const chunk of replyChunks(path, 'ul_dump', {}, edges.clock)) {
    const elements = reader.push(chunk);
    if (elements.length === 0) continue;
    if (separator === '') await edges.out.write(opening(reader.head(), path));
    await edges.out.write(separator + elements.join(','));
    separator = ',';
  }
  if (separator === '') {
    await edges.out.write(`${JSON.stringify(resultOf(reader.frame(), path))}\n`);
  } else {
    await edges.out.write(']}]}\n');
  }
}

/** The result up to its first AoR. */
function opening(head: string, path: string): string {
  const closing = ']}]}';
  return JSON.stringify(resultOf(`${head}${closing}}`, path)).slice(0, -closing.length);
}
