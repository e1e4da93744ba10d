import { OperationalError } from '../core/errors.ts';
import type { CliCommand } from './cli-command.ts';
import { durationText } from './duration-text.ts';
import { EXIT_OK } from './exit-code.ts';
import { callMi } from './mi-client.ts';
import { DAEMON_HELP, DAEMON_OPTIONS, parseOptions, socketPath } from './options.ts';
import { shownStatus, type ShownStatus } from './shown-status.ts';
import { terminalText } from './terminal-text.ts';

const LABEL_WIDTH = 15;

export const statusCommand: CliCommand = {
  name: 'status',
  summary: 'show the state of the running daemon',
  usage: '[--json] [-f FILE | --data DIR | --socket PATH]',
  help: ['--json                  one JSON object, for programs', ...DAEMON_HELP],
  async run(args, edges) {
    const { values } = parseOptions(args, { ...DAEMON_OPTIONS, json: { type: 'boolean' } });
    const path = await socketPath(values, edges);
    const answer = await callMi(path, 'status', {}, edges.clock);
    await edges.out.write(values.json === true ? `${JSON.stringify(answer)}\n` : statusText(readStatus(answer, path)));
    return EXIT_OK;
  },
};

function readStatus(answer: unknown, path: string): ShownStatus {
  const parsed = shownStatus.safeParse(answer);
  if (parsed.success) return parsed.data;
  throw new OperationalError(`the daemon behind ${path} is of another version; ask it with --json`);
}

/** The status for people: a line for each thing, what is wrong last, where the eye ends. */
function statusText(status: ShownStatus): string {
  const { registrations, event_loop_delay_ms: delay } = status;
  const lines: (readonly [string, string])[] = [
    [
      'twinreg',
      `${status.version}, node ${status.node_id}, process ${status.pid}, up ${durationText(status.uptime_s)}`,
    ],
    ['SIP', status.listen.join(', ')],
    ['data folder', status.data_folder],
    ['bindings', `${count(status.contacts, 'contact')} of ${count(status.users, 'user')}`],
    ['registrations', registrationsText(registrations)],
    ['storage', storageText(status.storage)],
    ['memory', `${status.resident_mb} MB`],
    ['delays', `of 99 % below ${delay.p99} ms, longest ${delay.max} ms (how late the process came to its work)`],
    ['degraded', degradedText(status.degraded)],
  ];
  return lines.map(([label, text]) => `${label.padEnd(LABEL_WIDTH)}${terminalText(text)}\n`).join('');
}

function registrationsText({ accepted, rejected, collisions }: ShownStatus['registrations']): string {
  const shared = collisions === 0 ? '' : `, ${count(collisions, 'collision')} (two phones with one contact address)`;
  return `${accepted} accepted, ${rejected} rejected${shared}`;
}

const DEGRADATIONS: ReadonlyMap<string, string> = new Map([
  ['disk', 'disk (what phones are told now would not survive a crash)'],
  ['mark', 'mark (the disk has not yet noted how far time has come; ends with the next write)'],
  ['clock', 'clock (the wall clock is behind what is known to have passed: set it right, then restart)'],
]);

function degradedText(words: readonly string[]): string {
  return words.length === 0 ? 'no' : words.map((word) => DEGRADATIONS.get(word) ?? word).join(', ');
}

function storageText(storage: ShownStatus['storage']): string {
  if (storage.mode === 'none') return 'none: bindings are in memory only';
  const pending = `${count(storage.pending_changes, 'change')} waiting`;
  if (storage.state === 'degraded') {
    return `FAILING since ${storage.since ?? 'an unknown time'}: ${storage.reason ?? 'no reason known'}; ${pending}, registrations go on in memory (${storage.path})`;
  }
  const flushed = storage.last_flush_ms_ago === undefined ? '' : `, last flush ${storage.last_flush_ms_ago} ms ago`;
  return `ok, ${storage.mode}, ${pending}${flushed} (${storage.path})`;
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}
