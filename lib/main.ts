import { readConfigFile } from './config/read-config-file.ts';
import { formatProblems, type ConfigProblem } from './config/problem.ts';
import { greetingText } from './app-greeting.ts';
import type { LogRoot } from './app-log.ts';
import type { LoadedSettings } from './app-settings.ts';
import { fileName } from './cli/checked-config.ts';
import { runCli } from './cli/cli.ts';
import type { ConfigOptions, TextOutput } from './cli/cli-command.ts';
import { ConfigError } from './cli/config-error.ts';
import { EXIT_DEFECT, EXIT_FAILED, EXIT_OK } from './cli/exit-code.ts';
import { systemClock } from './core/clock.ts';
import { systemRandom } from './core/random.ts';
import { VERSION } from './core/release.ts';

/** Files and sockets of the daemon are for its user and group; set before the first of them is made. */
const DAEMON_UMASK = 0o027;

/** SIGHUP is left as it was found, so that `nohup` works. */
const STOP_SIGNALS = ['SIGTERM', 'SIGINT'] as const;

process.exitCode = await runCli(process.argv.slice(2), {
  version: VERSION,
  out: output(process.stdout),
  err: output(process.stderr),
  clock: systemClock,
  loadConfig: loadSettings,
  runDaemon,
});

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
  const { loadAppSettings } = await import('./app-settings.ts');
  const file = configFile === undefined ? { ok: true as const, text: undefined } : readConfigFile(configFile);
  if (!file.ok) return file;
  const surroundings = {
    cwd: process.cwd(),
    home: process.env['HOME'],
    xdgStateHome: process.env['XDG_STATE_HOME'],
    isRoot: process.getuid?.() === 0,
  };
  return loadAppSettings({ text: file.text, listen, data: dataFolder, surroundings });
}

async function runDaemon(options: ConfigOptions): Promise<number> {
  const loaded = await loadSettings(options);
  if (!loaded.ok) throw new ConfigError(formatProblems(fileName(options), loaded.problems));
  const { config, settings, warnings } = loaded;
  const { LogRoot } = await import('./app-log.ts');
  process.umask(DAEMON_UMASK);

  const isTerminal = process.stdout.isTTY;
  const format = config.log.format === 'auto' ? (isTerminal ? 'pretty' : 'json') : config.log.format;
  const log = new LogRoot({
    level: config.log.level,
    format,
    colours: isTerminal && process.env['NO_COLOR'] === undefined,
  });
  endOnDefect(log);
  tellWarnings(log, options, warnings);

  const stop = stopSignal(log);
  // Timers of the daemon do not keep the process alive, and while it stops there may be nothing else.
  const alive = setInterval(() => {}, 60_000);
  try {
    const edges = { clock: systemClock, random: systemRandom(), log, facts: processFacts() };
    const app = await import('./app.ts').then(({ createApp }) => createApp(config, settings, edges));
    const { sockets, loadedBindings } = app;
    log.child('app').info({ version: VERSION, sockets, dataFolder: config.dataFolder, loadedBindings }, 'serving');
    if (format === 'pretty' && isTerminal) {
      const daemonOptions = optionsText(options);
      process.stdout.write(greetingText({ version: VERSION, config, sockets, loadedBindings, daemonOptions }));
    }
    await stop;
    await app.stop();
  } finally {
    clearInterval(alive);
    log.flush();
  }
  return EXIT_OK;
}

/** Resolves at the first signal to stop. At the second the process ends as it is: what is not on disk is lost. */
function stopSignal(log: LogRoot): Promise<void> {
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
  return first.promise;
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
    residentBytes: () => process.memoryUsage.rss(),
  };
}

function optionsText({ configFile, dataFolder }: ConfigOptions): string {
  const file = configFile === undefined ? '' : ` -f ${configFile}`;
  return dataFolder === undefined ? file : `${file} --data ${dataFolder}`;
}
