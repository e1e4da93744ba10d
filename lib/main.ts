import { resolve } from 'node:path';
import { readConfigFile } from './config/read-config-file.ts';
import { formatProblems, type ConfigProblem } from './config/problem.ts';
import { greetingText } from './app/greeting.ts';
import type { LogRoot } from './app/log.ts';
import type { LoadedSettings } from './app/settings.ts';
import { fileName } from './cli/checked-config.ts';
import { runCli } from './cli/cli.ts';
import type { ConfigOptions, TextOutput } from './cli/cli-command.ts';
import { ConfigError } from './cli/config-error.ts';
import { EXIT_DEFECT, EXIT_FAILED, EXIT_OK } from './cli/exit-code.ts';
import { processTerminal } from './cli/process-terminal.ts';
import { systemClock } from './core/clock.ts';
import { OperationalError } from './core/errors.ts';
import { FileFaults } from './core/named-file.ts';
import { systemRandom } from './core/random.ts';
import { VERSION } from './core/release.ts';

/** Files and sockets of the daemon are for its user and group; set before the first of them is made. */
const DAEMON_UMASK = 0o027;

const STOP_SIGNALS = ['SIGTERM', 'SIGINT'] as const;

// Neither the daemon's timers nor a command's keep the process alive; what it has to do does, to its end.
const alive = setInterval(() => {}, 60_000);
process.exitCode = await runCli(process.argv.slice(2), {
  version: VERSION,
  out: output(process.stdout),
  err: output(process.stderr),
  clock: systemClock,
  terminal: processTerminal(process),
  loadConfig: loadSettings,
  runDaemon,
});
clearInterval(alive);

function output(stream: NodeJS.WriteStream): TextOutput {
  stream.on('error', (err: NodeJS.ErrnoException) => {
    // `twinreg ul dump | head`: whoever reads has seen enough.
    if (err.code === 'EPIPE') process.exit(EXIT_OK);
    throw err;
  });
  return {
    write: (text) =>
      new Promise((resolve) => {
        stream.write(text, () => resolve());
      }),
  };
}

// What only some commands need is loaded by these: `twinreg status` should not wait for the whole registrar.
async function loadSettings({ configFile, listen, dataFolder }: ConfigOptions): Promise<LoadedSettings> {
  const { loadAppSettings } = await import('./app/settings.ts');
  const file = configFile === undefined ? { ok: true as const, text: undefined } : readConfigFile(configFile);
  if (!file.ok) return file;
  const surroundings = {
    cwd: workingDirectory(),
    home: process.env['HOME'],
    xdgStateHome: process.env['XDG_STATE_HOME'],
    isRoot: process.getuid?.() === 0,
  };
  return loadAppSettings({ text: file.text, listen, data: dataFolder, surroundings });
}

/** For who reads the log elsewhere, and later. */
function absoluteFileName(options: ConfigOptions): string {
  const cwd = workingDirectory();
  return options.configFile === undefined || cwd === undefined ? fileName(options) : resolve(cwd, options.configFile);
}

/** Undefined where it was removed, or lies where this user may not look. */
function workingDirectory(): string | undefined {
  try {
    return process.cwd();
  } catch {
    return undefined;
  }
}

async function runDaemon(options: ConfigOptions): Promise<number> {
  const isTerminal = process.stdout.isTTY;
  const hangUp = hangUpSignal(isTerminal);
  const loaded = await loadSettings(options);
  if (!loaded.ok) throw new ConfigError(formatProblems(fileName(options), loaded.problems));
  const { config, settings, warnings } = loaded;
  const { LogRoot } = await import('./app/log.ts');
  process.umask(DAEMON_UMASK);

  const format = config.log.format === 'auto' ? (isTerminal ? 'pretty' : 'json') : config.log.format;
  const log = new LogRoot({
    level: config.log.level,
    format,
    colours: isTerminal && process.env['NO_COLOR'] === undefined,
  });
  endOnDefect(log);
  tellWarnings(log, options, warnings);

  const stop = stopSignal(log);
  try {
    const configuration = { fileName: absoluteFileName(options), load: () => loadSettings(options) };
    const facts = processFacts();
    const edges = { clock: systemClock, random: systemRandom(), log, facts, configuration, stop: stop.request };
    const app = await import('./app.ts').then(({ createApp }) => createApp(config, settings, edges));
    const { sockets, waitingSockets, waitsFor, loadedBindings } = app;
    const waiting = {
      ...(waitsFor === undefined ? {} : { waitsFor }),
      ...(waitingSockets.length === 0 ? {} : { waiting: waitingSockets }),
    };
    const serving = { version: VERSION, sockets, ...waiting, dataFolder: config.dataFolder, loadedBindings };
    log.child('app').info(serving, 'serving');
    if (format === 'pretty' && isTerminal) {
      const daemonOptions = optionsText(options);
      process.stdout.write(
        greetingText({ version: VERSION, config, sockets, waitingSockets, loadedBindings, daemonOptions }),
      );
    }
    hangUp.serve(() => void app.reload());
    await stop.requested;
    hangUp.serve(() => {});
    await app.stop();
  } catch (err) {
    // The command line says it on stderr, for people; who reads the log has only this.
    if (format === 'json' && err instanceof OperationalError) log.child('app').error({ reason: err.message }, 'failed');
    if (err instanceof FileFaults) throw new ConfigError(err.message, { cause: err });
    throw err;
  } finally {
    log.flush();
  }
  return EXIT_OK;
}

/**
 * SIGHUP reads the configuration again. One that comes during the start is kept until there is something to reload. On a
 * terminal it means that the terminal has closed, and ends the process as it always did; `twinreg reload` serves there.
 */
function hangUpSignal(isTerminal: boolean): { serve(handler: () => void): void } {
  let isKept = false;
  let handler = () => {
    isKept = true;
  };
  if (!isTerminal) process.on('SIGHUP', () => handler());
  return {
    serve(next) {
      handler = next;
      if (isKept) next();
      isKept = false;
    },
  };
}

interface StopSignal {
  /** Resolves at the first signal to stop, or when management asks for it. */
  readonly requested: Promise<void>;
  readonly request: () => void;
}

/** At the second signal the process ends as it is: what is not on disk is lost. */
function stopSignal(log: LogRoot): StopSignal {
  const first = Promise.withResolvers<undefined>();
  let signals = 0;
  for (const name of STOP_SIGNALS) {
    process.on(name, () => {
      signals++;
      if (signals === 1) return first.resolve(undefined);
      log.child('app').warn({ signal: name }, 'second signal: ending now');
      log.flush();
      process.exit(EXIT_FAILED);
    });
  }
  return { requested: first.promise, request: () => first.resolve(undefined) };
}

/** What must never be has happened: memory can no longer be trusted, so nothing more is written but the reason. */
function endOnDefect(log: LogRoot): void {
  process.on('uncaughtException', (err) => {
    log.child('app').error({ err }, 'defect: ending');
    log.flush();
    process.exit(EXIT_DEFECT);
  });
}

function tellWarnings(log: LogRoot, options: ConfigOptions, warnings: readonly ConfigProblem[]): void {
  const configLog = log.child('config');
  for (const { key, line, message } of warnings) {
    configLog.warn({ file: fileName(options), key, line, problem: message }, 'configuration warning');
  }
}

function processFacts() {
  return {
    version: VERSION,
    pid: process.pid,
    platform: `${process.arch}/${process.platform}`,
    startedAtMs: systemClock.wallMs(),
    args: process.argv,
    workingDirectory: () => workingDirectory() ?? '(unreachable)',
    cpuMs: () => {
      const { user, system } = process.cpuUsage();
      return Math.round((user + system) / 1000);
    },
    residentBytes: () => process.memoryUsage.rss(),
  };
}

function optionsText({ configFile, dataFolder }: ConfigOptions): string {
  const file = configFile === undefined ? '' : ` -f ${configFile}`;
  return dataFolder === undefined ? file : `${file} --data ${dataFolder}`;
}
