import { mkdtemp, readdir, readlink, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { isAbsolute, join } from 'node:path';
import { commandLine, optionIn, startVariables } from './command-line.ts';
import { error, unchecked, warning, type Finding } from './finding.ts';
import { readText } from './read-path.ts';
import { runProgram, type Ran } from './run-program.ts';

/** A keepalived that runs where this command does. */
export interface KeepalivedProcess {
  readonly pid: number;
  /** The file that it was started with. */
  readonly configPath: string;
  /** `-i`; undefined: the host name up to its first dot. */
  readonly configId: string | undefined;
  /** Stopped by a signal or a debugger: it holds the address and sends nothing. */
  readonly isStopped: boolean;
  /** The environment that its scripts have; undefined where this user may not see it. */
  readonly variables: ReadonlyMap<string, string> | undefined;
}

export interface KeepalivedProcessFacts {
  /** The file that is looked at. */
  readonly path: string;
  /** What `keepalived --version` says. */
  readonly version: Ran;
  readonly processes: readonly KeepalivedProcess[];
  /** Whether an address that keepalived moves is on this host. */
  readonly isAddressHere: boolean;
  /** What `keepalived --config-test` says; undefined where it was not asked, since the file cannot be read. */
  readonly configTest: Ran | 'not root' | undefined;
}

export const USUAL_KEEPALIVED_PATH = '/etc/keepalived/keepalived.conf';

const FILE_BYTES_MAX = 8192;

/** Those of other network namespaces move addresses there. */
export async function findKeepalived(): Promise<readonly KeepalivedProcess[]> {
  const own = await readlink('/proc/self/ns/net').catch(() => undefined);
  const found: KeepalivedProcess[] = [];
  for (const pid of (await readdir('/proc').catch(() => [])).filter((name) => /^\d+$/.test(name))) {
    const name = await readText(`/proc/${pid}/comm`, FILE_BYTES_MAX);
    if (name.kind !== 'text' || name.text.trim() !== 'keepalived') continue;
    // Ordinary users may not see which one it is.
    const namespace = await readlink(`/proc/${pid}/ns/net`).catch(() => own);
    const process = namespace === own ? await processOf(Number(pid)) : undefined;
    if (process !== undefined) found.push(process);
  }
  return found;
}

/** Undefined for one that has ended, or is about to become one of its scripts. */
async function processOf(pid: number): Promise<KeepalivedProcess | undefined> {
  const status = await readText(`/proc/${pid}/status`, FILE_BYTES_MAX);
  const words = await commandLine(pid);
  if (words.length === 0) return undefined;
  const path = optionIn(words, '-f', '--use-file');
  return {
    pid,
    configPath: path !== undefined && isAbsolute(path) ? path : USUAL_KEEPALIVED_PATH,
    configId: optionIn(words, '-i', '--config-id'),
    isStopped: status.kind === 'text' && /^State:\s+[Tt]/m.test(status.text),
    variables: await startVariables(pid),
  };
}

/** Asks keepalived itself. Only root: for others it finds fault with what it may not look at. */
export async function testKeepalivedConfig(path: string, text: string, configId: string, isRoot: boolean) {
  if (!isRoot) return 'not root';
  const ran = await configTest(path, configId);
  // Up to 2.2.7 at least it ends itself where scripts run as another user.
  if (ran.kind !== 'killed' || ran.signal !== 'SIGTERM') return ran;
  const folder = await mkdtemp(join(tmpdir(), 'twinreg-doctor-'));
  try {
    const copy = join(folder, 'keepalived.conf');
    await writeFile(copy, text.replace(/^([ \t]*)(script_user|enable_script_security)\b.*$/gm, ''), { mode: 0o600 });
    const again = await configTest(copy, configId);
    return again.kind === 'ended' ? { ...again, err: again.err.replaceAll(copy, path) } : again;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function configTest(path: string, configId: string): Promise<Ran> {
  return runProgram('keepalived', ['--config-test', `--use-file=${path}`, `--config-id=${configId}`]);
}

const OUTPUT_LINES_MAX = 3;

/** Whether keepalived is installed, runs with this file, and accepts it. */
export function checkKeepalivedProcess(facts: KeepalivedProcessFacts): readonly Finding[] {
  const { version } = facts;
  if (version.kind === 'missing') {
    return [error('keepalived is not installed: nothing moves the address', 'install it: apt install keepalived')];
  }
  return [...versionFindings(version), ...runningFindings(facts), ...testFindings(facts)];
}

function* versionFindings(version: Ran): Iterable<Finding> {
  const [, major, minor] =
    (version.kind === 'ended' && /Keepalived v(\d+)\.(\d+)/.exec(version.out + version.err)) || [];
  if (major === undefined) yield unchecked('the version of keepalived (it does not say)', 'see keepalived --version');
  else if (Number(major) * 1000 + Number(minor) < 2002) {
    yield warning(`keepalived is version ${major}.${minor}, and the template needs 2.2`, 'install a newer one');
  }
}

function* runningFindings({ path, processes, isAddressHere }: KeepalivedProcessFacts): Iterable<Finding> {
  const start = 'start it: systemctl enable --now keepalived';
  if (processes.length === 0) {
    const meaning = isAddressHere
      ? 'this node keeps the address, which nobody can take away any more'
      : 'this node never gets the address';
    yield error(`keepalived does not run: ${meaning}`, start);
  }
  for (const { pid, isStopped } of processes) {
    if (!isStopped) continue;
    yield error(
      `keepalived (process ${pid}) is stopped: it keeps the address and tells nobody`,
      `kill -CONT ${pid}, or restart it`,
    );
  }
  const others = processes.filter(({ configPath }) => configPath !== path);
  if (others.length > 0 && others.length === processes.length) {
    yield warning(
      `keepalived runs with ${others[0]?.configPath ?? ''}, and ${path} is what was looked at`,
      'look at the one that it runs with: leave --keepalived away',
    );
  }
}

function* testFindings({ path, configTest: test }: KeepalivedProcessFacts): Iterable<Finding> {
  const again = 'mend the file, and run twinreg doctor again';
  if (test === undefined) return;
  if (test === 'not root') yield unchecked('keepalived --config-test (for root only)', 'run twinreg doctor as root');
  else if (test.kind !== 'ended') yield unchecked(`keepalived --config-test (${endText(test)})`, again);
  else if (test.code !== 0) {
    const said = complaints(test);
    // That scripts are not secured is said of the file.
    if (said.length === 0 && test.code === UNSECURED) return;
    yield error(`keepalived refuses ${path}: ${said.join('; ') || `exit code ${test.code}`}`, again);
  }
}

/** Where there are errors too, nothing but the lines says so. */
const UNSECURED = 6;
const UNSECURED_LINE = /^SECURITY VIOLATION/;

function complaints({ err, out }: Extract<Ran, { kind: 'ended' }>): readonly string[] {
  const lines = `${err}\n${out}`.split('\n').map((line) => line.trim());
  const different = new Set(lines.filter((line) => line !== '' && !UNSECURED_LINE.test(line)));
  return [...different].slice(0, OUTPUT_LINES_MAX);
}

function endText(ran: Exclude<Ran, { kind: 'ended' }>): string {
  switch (ran.kind) {
    case 'missing':
      return 'it is not installed';
    case 'killed':
      return `it was ended by ${ran.signal}`;
    case 'failed':
      return ran.reason;
  }
}
