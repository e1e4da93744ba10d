import { nearest } from '../config/nearest.ts';
import { OperationalError } from '../core/errors.ts';
import { backupCommand } from './backup.ts';
import { checkConfigCommand } from './check-config.ts';
import type { CliCommand, CliEdges } from './cli-command.ts';
import { clusterAddCommand } from './cluster-add.ts';
import { clusterListCommand } from './cluster-list.ts';
import { clusterRemoveCommand } from './cluster-remove.ts';
import { completionCommand } from './completion.ts';
import { ConfigError } from './config-error.ts';
import { doctorCommand } from './doctor.ts';
import { EXIT_FAILED, EXIT_OK, EXIT_USAGE } from './exit-code.ts';
import { handoverCommand } from './handover.ts';
import { commandHelp, familyHelp, helpText, usageLine, type HelpSection } from './help.ts';
import { historyCommand } from './history.ts';
import { miCommand } from './mi.ts';
import { NoDaemon } from './no-daemon.ts';
import { notRunningText } from './not-running.ts';
import { pingCommand } from './ping.ts';
import { reloadCommand } from './reload.ts';
import { runCommand } from './run.ts';
import { statsCommand } from './stats.ts';
import { statusCommand } from './status.ts';
import { terminalText } from './terminal-text.ts';
import { topCommand } from './top.ts';
import { traceCommand } from './trace.ts';
import { ulAddCommand } from './ul-add.ts';
import { ulDumpCommand } from './ul-dump.ts';
import { ulRmCommand } from './ul-rm.ts';
import { ulShowCommand } from './ul-show.ts';
import { UsageError } from './usage-error.ts';
import { versionCommand } from './version.ts';

/** In the order in which somebody new needs them. */
const SECTIONS: readonly HelpSection[] = [
  { title: 'Daemon', commands: [runCommand, checkConfigCommand, versionCommand] },
  { title: 'Bindings', commands: [ulDumpCommand, ulShowCommand, ulAddCommand, ulRmCommand] },
  { title: 'Watching', commands: [statusCommand, topCommand, historyCommand, traceCommand, statsCommand] },
  { title: 'Cluster', commands: [clusterListCommand, clusterAddCommand, clusterRemoveCommand] },
  {
    title: 'Operations',
    commands: [
      doctorCommand,
      handoverCommand,
      pingCommand,
      miCommand,
      backupCommand,
      reloadCommand,
      completionCommand(() => COMMANDS),
    ],
  },
];

const COMMANDS: readonly CliCommand[] = SECTIONS.flatMap(({ commands }) => commands);

const HELP_WORDS: ReadonlySet<string> = new Set(['help', '--help', '-h']);
const VERSION_WORDS: ReadonlySet<string> = new Set(['--version', '-V']);

/**
 * Carries out a command line: the words after `twinreg`.
 * @returns the exit code; what an operator can mend is said in a sentence on `err`, anything else rejects
 */
export async function runCli(words: readonly string[], edges: CliEdges): Promise<number> {
  const [first = 'help', ...rest] = words;
  if (HELP_WORDS.has(first)) return showHelp(rest, edges);
  if (VERSION_WORDS.has(first)) return versionCommand.run([], edges);
  const command = findCommand(words);
  if (command === undefined) return asksForHelp(rest) ? showHelp(words, edges) : unknownCommand(words, edges);
  const args = words.slice(command.name.split(' ').length);
  const end = args.indexOf('--');
  const options = end === -1 ? args : args.slice(0, end);
  if (options.some((arg) => arg === '--help' || arg === '-h')) return showHelp(words, edges);
  try {
    return await command.run(args, edges);
  } catch (err) {
    return explain(err, command, args, edges);
  }
}

/** `twinreg ul --help`: the word behind a first one that is no command by itself. */
function asksForHelp([second = '']: readonly string[]): boolean {
  return HELP_WORDS.has(second);
}

function findCommand(words: readonly string[]): CliCommand | undefined {
  return COMMANDS.find(({ name }) => name.split(' ').every((word, at) => word === words[at]));
}

async function showHelp(words: readonly string[], edges: CliEdges): Promise<number> {
  if (words.length === 0) {
    await edges.out.write(helpText(SECTIONS));
    return EXIT_OK;
  }
  const command = findCommand(words);
  const [first = '', second] = words;
  const family = familyOf(first);
  if (command === undefined && family.length > 0 && (second === undefined || asksForHelp([second]))) {
    await edges.out.write(familyHelp(family));
    return EXIT_OK;
  }
  if (command === undefined) return unknownCommand(words, edges);
  await edges.out.write(commandHelp(command));
  return EXIT_OK;
}

/** The commands of two words that begin with this one. */
function familyOf(word: string): readonly CliCommand[] {
  return COMMANDS.filter(({ name }) => name.startsWith(`${word} `));
}

async function unknownCommand(words: readonly string[], edges: CliEdges): Promise<number> {
  const [first = '', second = ''] = words;
  const family = familyOf(first);
  if (family.length > 0 && (second === '' || second.startsWith('-'))) return incompleteCommand(first, family, edges);
  const asked = (family.length > 0 ? words.slice(0, 2) : [first]).join(' ');
  const names = (family.length > 0 ? family : COMMANDS).map(({ name }) => name);
  const meant = nearest(asked, names);
  const expected = meant !== undefined ? `did you mean '${meant}'?` : `expected one of: ${names.join(', ')}`;
  await edges.err.write(`twinreg: there is no command '${asked}'; ${expected}\n`);
  return EXIT_USAGE;
}

async function incompleteCommand(word: string, family: readonly CliCommand[], edges: CliEdges): Promise<number> {
  const names = family.map(({ name }) => `'${name}'`).join(' or ');
  await edges.err.write(`twinreg: '${word}' is not a whole command; expected ${names}\n\n${familyHelp(family)}`);
  return EXIT_USAGE;
}

async function explain(err: unknown, command: CliCommand, args: readonly string[], edges: CliEdges): Promise<number> {
  if (err instanceof UsageError) {
    await edges.err.write(`twinreg ${command.name}: ${err.message}\n${usageLine(command)}\n`);
    return EXIT_USAGE;
  }
  if (err instanceof ConfigError) {
    await edges.err.write(`${err.message}\n`);
    return EXIT_USAGE;
  }
  if (err instanceof NoDaemon) {
    await edges.err.write(`twinreg: ${await notRunningText(err, args, edges)}\n`);
    return EXIT_FAILED;
  }
  if (err instanceof OperationalError) {
    // A file with several problems has a line for each.
    const lines = err.message.split('\n').map(terminalText);
    await edges.err.write(`twinreg: ${lines.join('\n')}\n`);
    return EXIT_FAILED;
  }
  throw err;
}
