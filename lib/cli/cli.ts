import { nearest } from '../config/nearest.ts';
import { OperationalError } from '../core/errors.ts';
import { checkConfigCommand } from './check-config.ts';
import type { CliCommand, CliEdges } from './cli-command.ts';
import { ConfigError } from './config-error.ts';
import { EXIT_FAILED, EXIT_OK, EXIT_USAGE } from './exit-code.ts';
import { commandHelp, familyHelp, helpText, usageLine } from './help.ts';
import { runCommand } from './run.ts';
import { statusCommand } from './status.ts';
import { ulDumpCommand } from './ul-dump.ts';
import { ulShowCommand } from './ul-show.ts';
import { UsageError } from './usage-error.ts';
import { versionCommand } from './version.ts';

const COMMANDS: readonly CliCommand[] = [
  runCommand,
  checkConfigCommand,
  statusCommand,
  ulDumpCommand,
  ulShowCommand,
  versionCommand,
];

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
  if (args.some((arg) => arg === '--help' || arg === '-h')) return showHelp(words, edges);
  try {
    return await command.run(args, edges);
  } catch (err) {
    return explain(err, command, edges);
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
    await edges.out.write(helpText(COMMANDS));
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

async function explain(err: unknown, command: CliCommand, edges: CliEdges): Promise<number> {
  if (err instanceof UsageError) {
    await edges.err.write(`twinreg ${command.name}: ${err.message}\n${usageLine(command)}\n`);
    return EXIT_USAGE;
  }
  if (err instanceof ConfigError) {
    await edges.err.write(`${err.message}\n`);
    return EXIT_USAGE;
  }
  if (err instanceof OperationalError) {
    await edges.err.write(`twinreg: ${err.message}\n`);
    return EXIT_FAILED;
  }
  throw err;
}
