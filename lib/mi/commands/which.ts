import type { CommandTable } from '../command-table.ts';
import { miError, recipe, result, type MiCommand } from '../mi-command.ts';

/** `which`: the names of all commands, without the aliases of 4.0; with a command its parameter lists. */
export function whichCommand(commands: CommandTable): MiCommand {
  return {
    name: 'which',
    help: 'lists all commands, or the parameter lists of one',
    recipes: [
      recipe([], () => result([...commands.all()].map(({ name }) => name))),
      recipe([{ name: 'command', type: 'string' }], ({ command }) => {
        const found = commands.find(command);
        if (found === undefined) return miError(404, 'unknown MI command');
        return result(found.recipes.map(({ params }) => params.map(({ name }) => name)));
      }),
    ],
  };
}
