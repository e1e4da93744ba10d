import type { CliCommand } from './cli-command.ts';

const NAME_WIDTH = 16;

export interface HelpSection {
  readonly title: string;
  readonly commands: readonly CliCommand[];
}

/** What `twinreg help` shows. */
export function helpText(sections: readonly HelpSection[]): string {
  const blocks = sections.map(({ title, commands }) => [
    `${title}:`,
    ...commands.map(({ name, summary }) => `  ${name.padEnd(NAME_WIDTH)}${summary}`),
    '',
  ]);
  return [
    'twinreg: a SIP registrar',
    '',
    'Usage: twinreg COMMAND [OPTIONS]',
    '',
    ...blocks.flat(),
    '`twinreg help COMMAND` shows the options of a command.',
    'Exit codes: 0 done; 1 failed, or no daemon is running; 2 wrong option, argument or configuration; 70 a defect.',
    '',
  ].join('\n');
}

/** What `twinreg help COMMAND` shows. */
export function commandHelp(command: CliCommand): string {
  const details = command.help.map((line) => `  ${line}`.trimEnd() + '\n').join('');
  return `${usageLine(command)}\n\n${upperFirst(command.summary)}.\n${details === '' ? '' : `\n${details}`}`;
}

/** What `twinreg help ul` shows: the commands that begin with this word, one after the other. */
export function familyHelp(commands: readonly CliCommand[]): string {
  return commands.map(commandHelp).join('\n');
}

export function usageLine({ name, usage }: CliCommand): string {
  return `Usage: twinreg ${name} ${usage}`.trimEnd();
}

function upperFirst(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
