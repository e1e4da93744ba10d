import type { Clock } from '../../core/clock.ts';
import { recipe, result, type MiCommand } from '../mi-command.ts';
import type { ProcessFacts } from './process-facts.ts';

/** The core commands of OpenSIPS that say what runs here. */
export function coreCommands(facts: ProcessFacts, clock: Clock): readonly MiCommand[] {
  const startedMs = clock.monotonicMs();
  const version = `twinreg (${facts.version} (${facts.platform}))`;
  return [
    { name: 'version', recipes: [recipe([], () => result({ Server: version }))] },
    {
      name: 'uptime',
      recipes: [
        recipe([], () =>
          result({
            Now: calendarTime(clock.wallMs()),
            'Up since': calendarTime(facts.startedAtMs),
            'Up time': `${Math.floor((clock.monotonicMs() - startedMs) / 1000)} [sec]`,
          }),
        ),
      ],
    },
    { name: 'ps', recipes: [recipe([], () => result({ Processes: [{ ID: 0, PID: facts.pid, Type: 'main' }] }))] },
  ];
}

/** `Mon Nov 23 02:41:38 2026` in local time, as C's ctime writes it. */
function calendarTime(ms: number): string {
  const time = new Date(ms);
  const [weekday, month, , year] = time.toDateString().split(' ');
  return `${weekday} ${month} ${String(time.getDate()).padStart(2)} ${time.toTimeString().slice(0, 8)} ${year}`;
}
