import { historyRecord, type HistoryEntry } from '../../history/history-entry.ts';
import { miError, recipe, result, type MiAnswer, type MiCommand } from '../mi-command.ts';

/** What is shown where nobody says how much. */
const USUAL_COUNT = 50;

/** `history`: ours; the last things that happened to this node, the oldest first. @param entries the last so many */
export function historyCommand(entries: (most: number) => readonly HistoryEntry[]): MiCommand {
  const last = (most: number): MiAnswer => result({ events: entries(most).map(historyRecord) });
  return {
    name: 'history',
    module: 'twinreg',
    help: 'shows the last failovers, link changes and faults of this node',
    recipes: [
      recipe([], () => last(USUAL_COUNT)),
      recipe([{ name: 'count', type: 'int' }], ({ count }): MiAnswer =>
        count > 0 ? last(count) : miError(400, 'count: expected a number above 0'),
      ),
    ],
  };
}
