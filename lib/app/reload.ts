import type { LogRoot } from './log.ts';
import { configProblems, type AppSettings, type LoadedSettings } from './settings.ts';
import type { Config } from '../config/config.ts';
import { formatProblems, type ConfigProblem } from '../config/problem.ts';
import { configChange } from '../config/reload-table.ts';
import type { Log } from '../core/log.ts';
import type { ReloadOutcome } from '../mi/commands/reload.ts';

interface ReloadParts {
  /** What the node was started with. */
  readonly config: Config;
  /** Reads the file again, with the command line of the start. */
  readonly load: () => Promise<LoadedSettings>;
  /** How the file is named where its problems are shown. */
  readonly fileName: string;
  readonly settingsOf: (config: Config) => AppSettings;
  readonly registrar: { reconfigure(settings: AppSettings['registrar']): void };
  readonly pinger: { reconfigure(settings: AppSettings['pinger']): void };
  readonly log: LogRoot;
}

/** Reads the configuration again while the node runs. One reading at a time; whoever asks during one gets the next. */
export class Reload {
  readonly #parts: ReloadParts;
  /** Made once: the root keeps every child. */
  readonly #log: Log;
  #inForce: Config;
  /** Settles when the reading that was asked for last is over. */
  #last: Promise<unknown> = Promise.resolve();
  /** The reading that has not begun yet. */
  #next: Promise<ReloadOutcome> | undefined;

  constructor(parts: ReloadParts) {
    this.#parts = parts;
    this.#inForce = parts.config;
    this.#log = parts.log.child('config');
  }

  /** What is in force now. */
  get config(): Config {
    return this.#inForce;
  }

  /** Resolves when what can change has changed, or the file was refused and all is as it was. */
  now(): Promise<ReloadOutcome> {
    if (this.#next !== undefined) return this.#next;
    const next = this.#last.then(() => {
      this.#next = undefined;
      return this.#reload();
    });
    this.#next = next;
    this.#last = next.catch(() => undefined);
    return next;
  }

  async #reload(): Promise<ReloadOutcome> {
    const loaded = await this.#parts.load();
    if (!loaded.ok) return this.#refused(loaded.problems);
    const { changed, restart, next } = configChange(this.#inForce, loaded.config);
    // The file is fine by itself; what it changes now has to go with what it changes at the next start only.
    const problems = configProblems(next);
    if (problems.length > 0) return this.#refused(problems.map((problem) => besideOld(problem, restart)));
    for (const { key, line, message } of loaded.warnings) {
      this.#log.warn({ file: this.#parts.fileName, key, line, problem: message }, 'configuration warning');
    }
    this.#apply(next);
    this.#log.info({ changed, restart }, 'configuration reloaded');
    return { ok: true, changed, restart };
  }

  #refused(found: readonly ConfigProblem[]): ReloadOutcome {
    const problems = formatProblems(this.#parts.fileName, found);
    this.#log.error({ problems }, 'configuration not reloaded');
    return { ok: false, problems };
  }

  #apply(next: Config): void {
    const { settingsOf, registrar, pinger, log } = this.#parts;
    const settings = settingsOf(next);
    registrar.reconfigure(settings.registrar);
    pinger.reconfigure(settings.pinger);
    // A level that an operator set by hand stays, unless the file says something new.
    if (next.log.level !== this.#inForce.log.level) log.setLevel(next.log.level);
    this.#inForce = next;
  }
}

function besideOld(problem: ConfigProblem, restart: readonly string[]): ConfigProblem {
  const old = `the old values of ${restart.join(', ')} hold until a restart; restart instead`;
  return { ...problem, message: `${problem.message} (${old})` };
}
