import type { CommandTable } from '../command-table.ts';
import { miError, recipe, result, type MiCommand } from '../mi-command.ts';

const CORE = 'core';

/** `help`: what a command is for, and the OpenSIPS module that has it. */
export function helpCommand(commands: CommandTable): MiCommand {
  return {
    name: 'help',
    help: 'says what a command is for',
    recipes: [
      recipe([], () => result('help mi_cmd says what mi_cmd is for; which lists all commands')),
      recipe([{ name: 'mi_cmd', type: 'string' }], ({ mi_cmd }) => {
        const found = commands.find(mi_cmd);
        if (found === undefined) return miError(404, 'unknown MI command');
        return result({ Help: found.help ?? 'there is none for this command', 'Exported by': found.module ?? CORE });
      }),
    ],
  };
}
