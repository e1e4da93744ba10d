import { OperationalError } from '../core/errors.ts';
import type { CliEdges } from './cli-command.ts';
import type { Cells } from './columns.ts';
import { DumpReader } from './dump-reader.ts';
import { durationText } from './duration-text.ts';
import { replyChunks, resultOf, type Params } from './mi-client.ts';
import { dumpedAor, type DumpedAor } from './shown-aor.ts';
import { TextTable } from './text-table.ts';

/**
 * The last two tell contacts apart that have one URI, as they may with matching_mode 1; they are filled for these alone.
 * A brief dump has only the first.
 */
const HEADINGS: Cells = ['AOR', 'CONTACT', 'EXPIRES IN', 'RECEIVED', 'USER AGENT', 'CALL-ID', 'SOCKET'];
const OPTIONAL_COLUMNS = 2;
/** What a narrow terminal shows in full as long as it can: who, where, how long. */
const KEPT_COLUMNS = 3;

/** Shows what `ul_dump` answers as it arrives: half a million contacts must not need memory here either. */
export async function ulDumpTable(path: string, params: Params, { out, clock, terminal }: CliEdges): Promise<void> {
  let table: TextTable | undefined;
  const reader = new DumpReader();
  for await (const chunk of replyChunks(path, 'ul_dump', params, clock)) {
    for (const element of reader.push(chunk)) {
      const found = readAor(element, path);
      table ??= newTable(found);
      for (const row of rowsOf(found)) await table.row(row);
    }
  }
  resultOf(reader.frame(), path);
  await (table === undefined ? out.write('no contact is registered\n') : table.end());

  function newTable({ Contacts }: DumpedAor): TextTable {
    const isBrief = Contacts === undefined;
    const room = terminal && { columns: terminal.size().columns, keep: KEPT_COLUMNS };
    const options = { room, optionalColumns: isBrief ? 0 : OPTIONAL_COLUMNS };
    return new TextTable(out, isBrief ? HEADINGS.slice(0, 1) : HEADINGS, options);
  }
}

function readAor(element: string, path: string): DumpedAor {
  const parsed = dumpedAor.safeParse(JSON.parse(element));
  if (parsed.success) return parsed.data;
  throw new OperationalError(`the daemon behind ${path} is of another version; ask it with --json`);
}

function rowsOf({ AOR, Contacts }: DumpedAor): readonly Cells[] {
  if (Contacts === undefined) return [[AOR]];
  const timesSeen = new Map<string, number>();
  for (const { Contact } of Contacts) timesSeen.set(Contact, (timesSeen.get(Contact) ?? 0) + 1);
  return Contacts.map(({ Contact, Expires, Received = '', Callid = '', Socket = '', 'User-agent': userAgent }) => {
    const expires = typeof Expires === 'number' ? durationText(Expires) : Expires;
    const isAlone = timesSeen.get(Contact) === 1;
    return [AOR, Contact, expires, Received, userAgent, ...(isAlone ? ['', ''] : [Callid, Socket])];
  });
}
