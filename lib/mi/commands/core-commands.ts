import type { Clock } from '../../core/clock.ts';
import { recipe, result, type MiAnswer, type MiCommand } from '../mi-command.ts';
import type { ProcessFacts } from './process-facts.ts';

/**
 * The core commands of OpenSIPS that say what runs here, and the one that ends it.
 *
 * @param stop ends the daemon as SIGTERM does, and returns at once: management is the last to stop, after the answer.
 */
export function coreCommands(facts: ProcessFacts, clock: Clock, stop: () => void): readonly MiCommand[] {
  const startedMs = clock.monotonicMs();
  const version = `twinreg (${facts.version} (${facts.platform}))`;
  return [
    simple('version', 'shows the version that runs', () => result({ Server: version })),
    simple('uptime', 'shows since when the daemon runs, and for how long', () =>
      result({
        Now: calendarTime(clock.wallMs()),
        'Up since': calendarTime(facts.startedAtMs),
        'Up time': `${Math.floor((clock.monotonicMs() - startedMs) / 1000)} [sec]`,
      }),
    ),
    simple('ps', 'lists the processes of the daemon, of which there is one', () =>
      result({ Processes: [{ ID: 0, PID: facts.pid, Type: 'main' }] }),
    ),
    simple('pwd', 'shows the working directory of the daemon', () => result({ WD: facts.workingDirectory() })),
    simple('arg', 'lists the arguments that the daemon was started with', () => result(facts.args)),
    simple('kill', 'ends the daemon: what it answered is saved first', () => {
      stop();
      return result('OK');
    }),
  ];
}

function simple(name: string, help: string, run: () => MiAnswer): MiCommand {
  return { name, help, recipes: [recipe([], run)] };
}

/** `Mon Nov 23 02:41:38 2026` in local time, as C's ctime writes it. */
function calendarTime(ms: number): string {
  const time = new Date(ms);
  const [weekday, month, , year] = time.toDateString().split(' ');
  return `${weekday} ${month} ${String(time.getDate()).padStart(2)} ${time.toTimeString().slice(0, 8)} ${year}`;
}
