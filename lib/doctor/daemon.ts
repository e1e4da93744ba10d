import type { Config } from '../config/config.ts';
import type { DaemonAnswer, DaemonStatus } from './daemon-answer.ts';
import { error, info, unchecked, warning, type Finding } from './finding.ts';
import { readText } from './read-path.ts';

export interface DaemonFacts {
  readonly answer: DaemonAnswer;
  /** Of the checkout that this command is of. */
  readonly installedVersion: string;
  /** What `/proc/PID/limits` says; undefined where it could not be read. */
  readonly openFilesMax: number | undefined;
  readonly config: Pick<Config, 'sip' | 'mi' | 'cluster'> | undefined;
}

/** Files, database, twin, management and log take some beside the phones' connections. */
const OTHER_FILES = 128;
const LIMITS_BYTES_MAX = 8192;

export async function readDaemonFacts(
  answer: DaemonAnswer,
  installedVersion: string,
  config: Config | undefined,
): Promise<DaemonFacts> {
  const pid = answer.kind === 'status' ? answer.status.pid : undefined;
  const limits = pid === undefined ? undefined : await readText(`/proc/${pid}/limits`, LIMITS_BYTES_MAX);
  const [, soft] = (limits?.kind === 'text' && /^Max open files\s+(\d+)/m.exec(limits.text)) || [];
  return { answer, installedVersion, config, openFilesMax: soft === undefined ? undefined : Number(soft) };
}

/** Whether the daemon runs, answers, and is well by its own account. */
export function checkDaemon(facts: DaemonFacts): readonly Finding[] {
  const { answer } = facts;
  switch (answer.kind) {
    case 'not-running':
      return [
        error(
          `the daemon does not answer: ${answer.reason}`,
          'start it (systemctl start twinreg); its last log lines (journalctl -u twinreg) say why it ended',
        ),
      ];
    case 'unasked':
      return [unchecked(`the daemon (${answer.reason})`, answer.remedy)];
    case 'silent':
      return [error(`the daemon does not answer: ${answer.reason}`, answer.remedy)];
    case 'status':
      return [
        ...versionFindings(facts, answer.status),
        ...ownWords(answer.status),
        ...keepalivedFindings(answer.status),
        ...roomFindings(facts, answer.status),
      ];
  }
}

function versionFindings({ installedVersion, config }: DaemonFacts, { version }: DaemonStatus): readonly Finding[] {
  if (version === installedVersion) return [];
  const what = `the daemon that runs is version ${version}, and installed is ${installedVersion}`;
  // Without a configuration nobody knows.
  if (config !== undefined && config.cluster === undefined) return [warning(what, 'restart the daemon')];
  return [warning(what, 'restart the daemon of the passive node, move the address there, then restart this one')];
}

const DEGRADED: ReadonlyMap<string, Finding> = new Map([
  [
    'mark',
    warning(
      'degraded: mark: the disk has not yet noted how far time has come',
      'wait for the next write; if it stays, look at the disk',
    ),
  ],
  [
    'clock',
    error(
      'degraded: clock: the wall clock is behind what is known to have passed',
      'set the clock right (timedatectl), then restart the daemon',
    ),
  ],
  [
    'address',
    info(
      'degraded: address: the daemon waits for the SIP address, which is not here',
      'nothing: it serves when the address arrives',
    ),
  ],
]);

/** Said with more words by the subjects that they belong to. */
const SAID_ELSEWHERE: ReadonlySet<string> = new Set(['disk', 'twin', 'sync', 'down', 'keepalived', 'contacts']);

function ownWords({ degraded, storage }: DaemonStatus): readonly Finding[] {
  const words = degraded
    .filter((word) => !SAID_ELSEWHERE.has(word))
    .map((word) => DEGRADED.get(word) ?? warning(`degraded: ${word}`, '`twinreg status` says what that means'));
  if (storage.state !== 'degraded') return words;
  const reason = storage.reason ?? 'no reason known';
  const disk = error(
    `degraded: disk: the database cannot be written: ${reason}`,
    'make room, or mend the disk; what phones are told meanwhile is in memory only',
  );
  return [disk, ...words];
}

function* keepalivedFindings({ keepalived }: DaemonStatus): Iterable<Finding> {
  if (keepalived === undefined) return;
  const { state, since } = keepalived;
  yield error(
    `keepalived says ${state} since ${since}: this node gets no address, and a failover would help nobody`,
    'systemctl status keepalived, and journalctl -u keepalived, say why; check.sh by hand, with the TWINREG_MI of /etc/default/keepalived, says what fails',
  );
}

function roomFindings(facts: DaemonFacts, { management, pid }: DaemonStatus): readonly Finding[] {
  const { config } = facts;
  if (config === undefined) return [];
  const findings = [...fileLimitFindings(config, facts.openFilesMax, pid)];
  if (config.mi.http?.kind !== 'off' && management?.some((place) => place.startsWith('http')) === false) {
    // The scripts of a pair speak to the daemon this way.
    const say = config.cluster === undefined ? warning : error;
    findings.push(
      say(
        'management over HTTP is not served: another program had its port when the daemon started',
        'free the port, or name another one in mi.http (and in TWINREG_MI of notify.sh and check.sh), then restart the daemon',
      ),
    );
  }
  return findings;
}

function* fileLimitFindings(
  { sip }: Pick<Config, 'sip'>,
  openFilesMax: number | undefined,
  pid: number,
): Iterable<Finding> {
  // The connections of phones are drachtio-server's.
  if (sip.engine === 'drachtio') return;
  const needed = sip.tcp_max_connections + OTHER_FILES;
  if (openFilesMax === undefined) {
    yield unchecked(`the daemon's limit of open files (/proc/${pid}/limits)`, 'run twinreg doctor as root');
  } else if (openFilesMax < needed) {
    yield warning(
      `the daemon may open ${openFilesMax} files, and sip.tcp_max_connections (${sip.tcp_max_connections}) needs ${needed}`,
      'set LimitNOFILE=65536 in twinreg.service, or lower the key',
    );
  }
}
