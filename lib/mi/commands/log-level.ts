import { miError, recipe, result, type MiCommand } from '../mi-command.ts';
import type { ProcessFacts } from './process-facts.ts';

export type LogLevel = 'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'trace';

/** The log's threshold, which can be changed while the daemon runs. */
export interface LogThreshold {
  level(): LogLevel;
  setLevel(level: LogLevel): void;
}

/** OpenSIPS counts from -3 (alert) over -1 (error), 1 (warning), 2 (notice), 3 (info) to 4 (debug). */
const NUMBERS: Readonly<Record<LogLevel, number>> = { fatal: -2, error: -1, warn: 1, info: 3, debug: 4, trace: 4 };

const NUMBER_MIN = -3;
const NUMBER_MAX = 4;

/** `log_level`: shows the threshold; with a number sets it until the daemon ends. There is one process, so one level. */
export function logLevelCommand(facts: ProcessFacts, threshold: LogThreshold): MiCommand {
  return {
    name: 'log_level',
    help: 'shows how much is logged, or sets it until the daemon ends: from -3 (almost nothing) to 4 (debug)',
    recipes: [
      recipe([], () => {
        const level = NUMBERS[threshold.level()];
        return result({ Processes: [{ PID: facts.pid, 'Log level': level, Type: 'main' }] });
      }),
      recipe([{ name: 'level', type: 'int' }], ({ level }) => {
        threshold.setLevel(levelOf(level));
        return result({ 'New global log level': withinBounds(level) });
      }),
      recipe(
        [
          { name: 'level', type: 'int' },
          { name: 'pid', type: 'int' },
        ],
        ({ level, pid }) => {
          if (pid !== facts.pid) return miError(404, 'Bad PID');
          threshold.setLevel(levelOf(level));
          return result({ 'Log level': withinBounds(level) });
        },
      ),
    ],
  };
}

function withinBounds(level: number): number {
  return Math.min(Math.max(level, NUMBER_MIN), NUMBER_MAX);
}

function levelOf(level: number): LogLevel {
  if (level <= NUMBERS.fatal) return 'fatal';
  if (level < NUMBERS.warn) return 'error';
  if (level === NUMBERS.warn) return 'warn';
  return level <= NUMBERS.info ? 'info' : 'debug';
}
