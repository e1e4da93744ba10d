import { miError, recipe, result, type MiCommand } from '../mi-command.ts';

export type ReloadOutcome =
  | { readonly ok: true; readonly changed: readonly string[]; readonly restart: readonly string[] }
  /** A line each. */
  | { readonly ok: false; readonly problems: string };

/** `reload`: ours; what SIGHUP does, with an answer. A file with a problem changes nothing. */
export function reloadCommand(reload: () => Promise<ReloadOutcome>): MiCommand {
  return {
    name: 'reload',
    module: 'twinreg',
    help: 'reads the configuration file again; says what changed and what waits for a restart',
    recipes: [
      recipe([], async () => {
        const outcome = await reload();
        if (!outcome.ok) return miError(400, `Configuration not reloaded\n${outcome.problems}`);
        return result({ changed: outcome.changed, restart: outcome.restart });
      }),
    ],
  };
}
