import type { LoadedConfig } from '../config/load-config.ts';
import type { Config } from '../config/config.ts';
import type { Clock } from '../core/clock.ts';
import { OperationalError } from '../core/errors.ts';
import type { DaemonAnswer } from '../doctor/daemon-answer.ts';
import { findDaemon, type DaemonProcess } from '../doctor/daemon-process.ts';
import { examine, type Diagnosis } from '../doctor/doctor.ts';
import type { Finding } from '../doctor/finding.ts';
import { lookAt } from '../doctor/read-path.ts';
import { configuredTwinUrl } from '../doctor/twin-url.ts';
import { fileName } from './checked-config.ts';
import type { CliCommand, CliEdges, ConfigOptions } from './cli-command.ts';
import { EXIT_FAILED, EXIT_OK } from './exit-code.ts';
import { jsonLine } from './json-line.ts';
import { callMi } from './mi-client.ts';
import { NoDaemon } from './no-daemon.ts';
import { CONFIG_HELP, CONFIG_OPTIONS, configOptions, JSON_HELP, JSON_OPTION, parseOptions } from './options.ts';
import { readStatus } from './shown-status.ts';
import { terminalText } from './terminal-text.ts';

const OPTIONS = { ...JSON_OPTION, ...CONFIG_OPTIONS, keepalived: { type: 'string' } } as const;

export const doctorCommand: CliCommand = {
  name: 'doctor',
  summary: "say what is wrong with this node's set-up, and how to mend it",
  usage: '[--json] [-f FILE] [--listen ADDRESS]… [--data DIR] [--keepalived FILE]',
  help: [
    JSON_HELP,
    ...CONFIG_HELP,
    "--keepalived FILE       keepalived's configuration; without it that of the keepalived that runs",
    '',
    'A line for each finding: error, warning, info or unchecked, what was found, and after -> what to do. Nothing is changed.',
    'Whether the daemon runs or not; as root everything can be looked at. Exit code 1: there is an error.',
  ],
  async run(args, edges) {
    const { values } = parseOptions(args, OPTIONS);
    const options = configOptions(values);
    const loaded = await loadedConfig(options, edges);
    const config = loaded.ok ? loaded.config : undefined;
    const answer = await daemonAnswer(loaded, edges);
    const diagnosis = await examine(
      {
        configuration: configurationOf(loaded, fileName(options)),
        config,
        configFile: options.configFile,
        dataFolder: config?.dataFolder ?? options.dataFolder,
        answer,
        installedVersion: edges.version,
        twinUrl: answer.kind === 'status' || config === undefined ? undefined : await configuredTwinUrl(config),
        keepalivedPath: values.keepalived,
      },
      edges.clock,
    );
    await edges.out.write(values.json === true ? diagnosisJson(diagnosis) : diagnosisText(diagnosis));
    return has(diagnosis, 'error') ? EXIT_FAILED : EXIT_OK;
  },
};

/** The daemon reads its configuration from whatever is named; here a FIFO in place of a file would hold everything up. */
async function loadedConfig(options: ConfigOptions, edges: CliEdges): Promise<LoadedConfig> {
  const { configFile } = options;
  const { kind } = configFile === undefined ? { kind: 'file' as const } : await lookAt(configFile);
  if (kind === 'file' || kind === 'missing' || kind === 'unreadable') return edges.loadConfig(options);
  const message = `${configFile ?? ''}: expected a file, found a ${kind}`;
  return { ok: false, problems: [{ key: '', line: undefined, message }] };
}

function configurationOf(loaded: LoadedConfig, name: string) {
  return {
    fileName: name,
    problems: loaded.ok ? [] : loaded.problems,
    warnings: loaded.ok ? loaded.warnings : [],
  };
}

async function daemonAnswer(loaded: LoadedConfig, { clock }: CliEdges): Promise<DaemonAnswer> {
  if (!loaded.ok) {
    const reason = 'the configuration says where its socket is, and has problems';
    return { kind: 'unasked', reason, remedy: 'mend the configuration first' };
  }
  const first = await asked(loaded.config, clock);
  if (first.kind !== 'not-running') return first;
  const process = await findDaemon(loaded.config);
  if (process === undefined) return first;
  // It may have opened its socket after it was asked.
  const second = process.isListening ? await asked(loaded.config, clock) : first;
  return second.kind === 'not-running' ? unreachable(loaded.config, process) : second;
}

async function asked({ miSocketPath: path }: Config, clock: Clock): Promise<DaemonAnswer> {
  try {
    return { kind: 'status', status: readStatus(await callMi(path, 'status', {}, clock), path) };
  } catch (err) {
    if (err instanceof NoDaemon) {
      const reason = err.reason === 'dead' ? `its socket ${path} is left over` : `there is no socket ${path}`;
      return { kind: 'not-running', reason };
    }
    if (!(err instanceof OperationalError)) throw err;
    if (isDenied(err.cause)) return { kind: 'unasked', reason: err.message, remedy: 'run twinreg doctor as root' };
    const remedy = 'see what it does (systemctl status twinreg), and restart it if it hangs';
    return { kind: 'silent', reason: err.message, remedy };
  }
}

function unreachable({ miSocketPath: path }: Config, { pid, isListening }: DaemonProcess): DaemonAnswer {
  const name = pid === undefined ? 'it' : `it (process ${pid})`;
  if (isListening) {
    const reason = `${name} runs, and its management socket ${path} is gone, or something else is in its place`;
    return { kind: 'silent', reason, remedy: 'restart it (systemctl restart twinreg), which makes the socket anew' };
  }
  return {
    kind: 'silent',
    reason: `${name} starts or ends: it has not opened its management socket ${path}, or has closed it`,
    remedy: 'wait a moment, and run twinreg doctor again; the log (journalctl -u twinreg) says what it does',
  };
}

function isDenied(cause: unknown): boolean {
  return cause instanceof Error && 'code' in cause && (cause.code === 'EACCES' || cause.code === 'EPERM');
}

const LEVEL_WIDTH = 11;

function diagnosisText(diagnosis: Diagnosis): string {
  const lines = diagnosis.findings.map(
    ({ level, found, remedy }) => `${level.padEnd(LEVEL_WIDTH)}${terminalText(found)}  -> ${terminalText(remedy)}`,
  );
  const subjects = diagnosis.lookedAt.join(', ');
  if (!has(diagnosis, 'error') && !has(diagnosis, 'warning'))
    lines.push(`nothing wrong was found; looked at: ${subjects}`);
  return lines.map((line) => `${line}\n`).join('');
}

function diagnosisJson(diagnosis: Diagnosis): string {
  const { findings, lookedAt } = diagnosis;
  const isHealthy = !has(diagnosis, 'error') && !has(diagnosis, 'warning');
  return jsonLine({ healthy: isHealthy, looked_at: lookedAt, findings });
}

function has({ findings }: Diagnosis, level: Finding['level']): boolean {
  return findings.some((finding) => finding.level === level);
}
