import { miError, recipe, result, type MiCommand } from '../mi-command.ts';

/** All statistics as they are now, by `group:name`. */
export type Statistics = () => ReadonlyMap<string, number>;

/** `get_statistics`: by name, by `group:`, or `all`; names that do not exist are left out, and none at all is an error. */
export function getStatisticsCommand(statistics: Statistics): MiCommand {
  return {
    name: 'get_statistics',
    recipes: [
      recipe([{ name: 'statistics', type: 'strings' }], ({ statistics: wanted }) => {
        const all = [...statistics()];
        const found = wanted.flatMap((want) => all.filter(([name]) => isWanted(name, want)));
        return found.length === 0 ? miError(404, 'Statistics Not Found') : result(Object.fromEntries(found));
      }),
    ],
  };
}

function isWanted(name: string, want: string): boolean {
  if (want === 'all' || want === name) return true;
  return want.endsWith(':') ? name.startsWith(want) : name.endsWith(`:${want}`);
}
