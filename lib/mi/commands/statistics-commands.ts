import { miError, recipe, result, type MiAnswer, type MiCommand } from '../mi-command.ts';
import type { Statistics } from './statistics.ts';

const WANTED = [{ name: 'statistics', type: 'strings' }] as const;

const NOT_FOUND = miError(404, 'Statistics Not Found');

/** `get_statistics`, `list_statistics` and `reset_statistics`: names that do not exist are left out, and none at all is an error. */
export function statisticsCommands(statistics: Statistics): readonly MiCommand[] {
  return [
    {
      name: 'get_statistics',
      help: 'shows statistics: by name, by group with a colon behind it, or all',
      recipes: [
        recipe(WANTED, ({ statistics: wanted }) => {
          const found = statistics.find(wanted);
          return found.size === 0 ? NOT_FOUND : result(Object.fromEntries(found));
        }),
      ],
    },
    {
      name: 'list_statistics',
      help: 'lists the statistics and whether they count (incremental) or are how things are (non-incremental)',
      recipes: [
        recipe([], () => listed(statistics, ['all'])),
        recipe(WANTED, ({ statistics: wanted }) => listed(statistics, wanted)),
      ],
    },
    {
      name: 'reset_statistics',
      help: 'lets statistics that count begin at 0 again; the others stay as they are',
      recipes: [
        recipe(WANTED, ({ statistics: wanted }) => {
          const found = statistics.find(wanted);
          if (found.size === 0) return NOT_FOUND;
          statistics.reset(found.keys());
          return result('OK');
        }),
      ],
    },
  ];
}

function listed(statistics: Statistics, wanted: readonly string[]): MiAnswer {
  const names = [...statistics.find(wanted).keys()];
  if (names.length === 0) return NOT_FOUND;
  return result(Object.fromEntries(names.map((name) => [name, kindText(statistics, name)])));
}

/** OpenSIPS's words for the two kinds. */
function kindText(statistics: Statistics, name: string): string {
  return statistics.kindOf(name) === 'counter' ? 'incremental' : 'non-incremental';
}
