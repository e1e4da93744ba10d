import { pino, stdTimeFunctions, type DestinationStream, type Logger } from 'pino';
import pretty from 'pino-pretty';
import type { Log } from '../core/log.ts';
import type { LogLevel, LogThreshold } from '../mi/commands/log-level.ts';

export interface LogSettings {
  readonly level: LogLevel;
  readonly format: 'json' | 'pretty';
  /** With `pretty`: whether the terminal shows colours. */
  readonly colours: boolean;
}

/** What a reader that does not keep up may leave unread; beyond it lines are lost rather than memory or time. */
const UNREAD_BYTES_MAX = 16 * 1024 * 1024;

const STDOUT = 1;

/** The root of all logs. Every subsystem gets a log of its own, and all have one threshold. */
export class LogRoot implements LogThreshold {
  readonly #root: Logger;
  readonly #children: Logger[] = [];
  readonly #flush: () => void;
  #level: LogLevel;

  constructor(settings: LogSettings, destination = standardOutput(settings)) {
    this.#level = settings.level;
    this.#root = pino({ level: settings.level, timestamp: stdTimeFunctions.isoTime }, destination.stream);
    this.#flush = destination.flush;
  }

  child(subsystem: string): Log {
    const child = this.#root.child({ subsystem });
    this.#children.push(child);
    return child;
  }

  level(): LogLevel {
    return this.#level;
  }

  setLevel(level: LogLevel): void {
    this.#level = level;
    // A pino child has the level that its parent had when it was made.
    for (const logger of [this.#root, ...this.#children]) logger.level = level;
  }

  /** Writes what is still in memory; for the moment before the process ends. */
  flush(): void {
    this.#flush();
  }
}

interface LogDestination {
  readonly stream: DestinationStream;
  readonly flush: () => void;
}

/** For people the lines appear at once, in order with what else is printed; for programs nothing ever waits for a reader. */
function standardOutput({ format, colours }: LogSettings): LogDestination {
  if (format === 'pretty') return { stream: prettyStream(colours), flush() {} };
  const stream = pino.destination({ fd: STDOUT, sync: false, maxLength: UNREAD_BYTES_MAX });
  // A reader that went away is no reason to stop serving phones.
  stream.on('error', () => {});
  return { stream, flush: () => stream.flushSync() };
}

function prettyStream(colours: boolean): DestinationStream {
  return pretty({
    sync: true,
    colorize: colours,
    singleLine: true,
    translateTime: 'SYS:HH:MM:ss',
    ignore: 'pid,hostname,subsystem',
    messageFormat: '{if subsystem}{subsystem}: {end}{msg}',
  });
}
