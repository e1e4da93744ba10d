import { readlink } from 'node:fs/promises';
import { isIP } from 'node:net';
import { resolve } from 'node:path';
import type { Config } from '../config/config.ts';
import { commandLine, optionIn, startVariables } from './command-line.ts';
import { canonicalAddress, WILDCARDS } from './movable-addresses.ts';
import { holdersOf } from './open-files.ts';
import type { OpenSocket } from './open-sockets.ts';
import { readText } from './read-path.ts';
import { runProgram } from './run-program.ts';

/** The process that has the admin port. */
export interface DrachtioProcess {
  readonly pid: number;
  readonly configPath: string;
  /** `--loglevel` or DRACHTIO_LOGLEVEL, which outrank the file. */
  readonly logLevel: string | undefined;
  /** Where its secret comes from, if not from the file, which `--secret` and DRACHTIO_SECRET outrank. */
  readonly secretFrom: '--secret' | 'DRACHTIO_SECRET' | undefined;
  /** Stopped by a signal or a debugger. */
  readonly isStopped: boolean;
  readonly supervisor: Supervisor;
}

/** Who starts a process again that ends. `hand`: somebody started it in a session of his own. */
export type Supervisor =
  { readonly kind: 'systemd'; readonly unit: string; readonly restart: string } | { readonly kind: 'hand' | 'unknown' };

export const USUAL_DRACHTIO_PATH = '/etc/drachtio.conf.xml';

const FILE_BYTES_MAX = 8192;

/** The sockets that the daemon reaches as the server's admin port. A name may be any address of this host. */
export function adminSockets({ sip }: Pick<Config, 'sip'>, open: readonly OpenSocket[]): readonly OpenSocket[] {
  const { drachtio_port: adminPort, drachtio_host: host } = sip;
  const isThere = (bound: string) => isIP(host) === 0 || bound === canonicalAddress(host) || WILDCARDS.has(bound);
  return open.filter(({ protocol, address, port }) => protocol === 'tcp' && port === adminPort && isThere(address));
}

/** Undefined where no process has these sockets, or none that this user may see. */
export async function findDrachtio(sockets: readonly OpenSocket[]): Promise<DrachtioProcess | undefined> {
  const [holder] = (await holdersOf(new Set(sockets.map(({ link }) => link)))).values();
  if (holder === undefined) return undefined;
  const { pid } = holder;
  const words = await commandLine(pid);
  const variables = (await startVariables(pid)) ?? new Map<string, string>();
  const folder = await readlink(`/proc/${pid}/cwd`).catch(() => '/');
  const status = await readText(`/proc/${pid}/status`, FILE_BYTES_MAX);
  return {
    pid,
    configPath: resolve(
      folder,
      optionIn(words, '-f', '--file') ?? variables.get('DRACHTIO_CONFIG_FILE_PATH') ?? USUAL_DRACHTIO_PATH,
    ),
    logLevel: optionIn(words, '-l', '--loglevel') ?? variables.get('DRACHTIO_LOGLEVEL'),
    secretFrom: secretFrom(words, variables),
    isStopped: status.kind === 'text' && /^State:\s+[Tt]/m.test(status.text),
    supervisor: await supervisorOf(pid),
  };
}

/** The command line counts first. An empty secret is none. */
function secretFrom(words: readonly string[], variables: ReadonlyMap<string, string>): DrachtioProcess['secretFrom'] {
  const option = optionIn(words, '-F', '--secret');
  if (option !== undefined) return option === '' ? undefined : '--secret';
  return (variables.get('DRACHTIO_SECRET') ?? '') === '' ? undefined : 'DRACHTIO_SECRET';
}

async function supervisorOf(pid: number): Promise<Supervisor> {
  const found = await readText(`/proc/${pid}/cgroup`, FILE_BYTES_MAX);
  const place = found.kind === 'text' ? placeIn(found.text) : { kind: 'unknown' as const };
  if (place.kind !== 'unit') return place;
  const ran = await runProgram('systemctl', ['show', place.unit, '--property=Restart', '--value']);
  const restart = ran.kind === 'ended' && ran.code === 0 ? ran.out.trim() : '';
  return restart === '' ? { kind: 'unknown' } : { kind: 'systemd', unit: place.unit, restart };
}

/**
 * Reads `/proc/PID/cgroup`, of either version of control groups: systemd names them after its units. The system's systemd knows nothing
 * of a user's own one, and would say Restart=no of its units.
 */
export function placeIn(
  text: string,
): { readonly kind: 'unit'; readonly unit: string } | { readonly kind: 'hand' | 'unknown' } {
  const [, path = ''] = /^(?:0:|\d+:name=systemd):(.*\.(?:service|scope).*)$/m.exec(text) ?? [];
  const [unit = ''] = path
    .split('/')
    .filter((part) => /\.(service|scope)$/.test(part))
    .slice(-1);
  if (unit.endsWith('.service') && !path.includes('/user@')) return { kind: 'unit', unit };
  return { kind: /^session-.*\.scope$/.test(unit) ? 'hand' : 'unknown' };
}
