import { X509Certificate } from 'node:crypto';
import { stat } from 'node:fs/promises';
import type { Config } from '../config/config.ts';
import { DRACHTIO_SECRET_EXPECTED, DRACHTIO_SECRET_KEY, drachtioSecretIn } from '../config/drachtio-secret.ts';
import type { Clock } from '../core/clock.ts';
import { statusIn, type DaemonAnswer } from './daemon-answer.ts';
import { findDaemonAccount, mayRead, readRemedy, type DaemonAccount } from './daemon-account.ts';
import { error, unchecked, warning, type Finding } from './finding.ts';
import { lookAt, modeText, readText, type Looked, type PathFacts, type TextFacts } from './read-path.ts';
import { restartRemedy } from './restart-remedy.ts';

export interface SecretFilesFacts {
  readonly config: Pick<Config, 'cluster'>;
  /** Files that nobody but the daemon should read, by the setting that names them. */
  readonly secrets: readonly NamedText[];
  /** Certificates, by the setting that names them. */
  readonly certificates: readonly NamedText[];
  /** The sockets of management, by the setting that names them. */
  readonly socket: { readonly setting: string; readonly path: string; readonly facts: Looked<PathFacts> };
  readonly nowMs: number;
  /** Undefined where nobody could say it. */
  readonly daemon: DaemonAccount | undefined;
  /** Undefined while it does not run. */
  readonly daemonStartedAtMs: number | undefined;
}

interface NamedText {
  readonly setting: string;
  readonly path: string;
  readonly content: TextFacts;
  /** When it was written last; undefined where that cannot be seen. */
  readonly writtenAtMs: number | undefined;
}

/** A certificate list of a large organisation is far below this. */
const FILE_BYTES_MAX = 1 << 20;
const CONFIGURATION_FILE = 'the configuration file';
const DAY_MS = 86_400_000;
const EXPIRY_WARN_DAYS = 14;

export async function readSecretFilesFacts(
  config: Config,
  configFile: string | undefined,
  answer: DaemonAnswer,
  clock: Clock,
): Promise<SecretFilesFacts> {
  const { cluster, miSocketPath } = config;
  const uptimeS = statusIn(answer)?.uptime_s;
  const certificates: (readonly [string, string])[] =
    cluster?.tls === undefined
      ? []
      : [
          ['tls_mgm.certificate', cluster.tls.certificatePath],
          ['tls_mgm.ca_list', cluster.tls.caListPath],
        ];
  return {
    config,
    secrets: await Promise.all(secretPaths(config, configFile).map(named)),
    certificates: await Promise.all(certificates.map(named)),
    socket: { setting: 'mi.socket', path: miSocketPath, facts: await lookAt(miSocketPath) },
    nowMs: clock.wallMs(),
    daemon: await findDaemonAccount(answer, config.dataFolder),
    daemonStartedAtMs: uptimeS === undefined ? undefined : clock.wallMs() - uptimeS * 1000,
  };
}

/** By the settings that name them. */
function secretPaths(
  { cluster, mi, sip }: Config,
  configFile: string | undefined,
): readonly (readonly [string, string])[] {
  const secrets: (readonly [string, string])[] = [];
  if (cluster?.secret.kind === 'file') secrets.push(['clusterer.secret_file', cluster.secret.path]);
  if (mi.http_token_file !== undefined) secrets.push(['mi.http_token_file', mi.http_token_file]);
  if (sip.engine === 'drachtio' && sip.drachtio_secret_file !== undefined)
    secrets.push([DRACHTIO_SECRET_KEY, sip.drachtio_secret_file]);
  if (cluster?.tls !== undefined) secrets.push(['tls_mgm.private_key', cluster.tls.privateKeyPath]);
  const holdsSecret = cluster?.secret.kind === 'texts' || mi.http_token !== undefined;
  if (holdsSecret && configFile !== undefined) secrets.push([CONFIGURATION_FILE, configFile]);
  return secrets;
}

async function named([setting, path]: readonly [string, string]): Promise<NamedText> {
  const writtenAtMs = await stat(path).then(
    ({ mtimeMs }) => mtimeMs,
    () => undefined,
  );
  return { setting, path, content: await readText(path, FILE_BYTES_MAX), writtenAtMs };
}

/** Files that hold secrets, or prove who this node is, and the socket that commands come by. */
export function checkSecretFiles(facts: SecretFilesFacts): readonly Finding[] {
  const { secrets, certificates, socket, nowMs } = facts;
  return [
    ...secrets.flatMap((file) => [...contentFindings(file), ...modeFindings(file)]),
    ...certificates.flatMap((file) => [...contentFindings(file), ...certificateFindings(file, nowMs)]),
    ...[...secrets, ...certificates].flatMap((file) => [...daemonFindings(file, facts)]),
    ...socketFindings(socket),
  ];
}

function* contentFindings({ setting, path, content }: NamedText): Iterable<Finding> {
  switch (content.kind) {
    case 'missing':
      yield error(`${setting}: ${path} does not exist`, 'make the file, or name the right one');
      break;
    case 'unreadable':
      yield unchecked(`${setting}: ${path} (${content.reason})`, 'run twinreg doctor as root');
      break;
    case 'unusable':
      yield error(`${setting}: ${path} cannot be used: ${content.reason}`, 'put a file of text there');
      break;
    case 'text':
      if (content.text.trim() === '')
        yield error(`${setting}: ${path} is empty`, 'put the secret, key or certificate into it');
      else if (setting === DRACHTIO_SECRET_KEY && drachtioSecretIn(content.text) === undefined)
        yield error(
          `${setting}: ${path} has something else in it than ${DRACHTIO_SECRET_EXPECTED}: the daemon's next start fails`,
          'put the secret alone into it',
        );
  }
}

/** The daemon reads these when it starts, as another user than root, who mostly asks here. */
function* daemonFindings(
  { setting, path, content, writtenAtMs }: NamedText,
  { config, daemon, daemonStartedAtMs: startedAtMs }: SecretFilesFacts,
): Iterable<Finding> {
  if (daemon !== undefined && 'facts' in content && !mayRead(daemon, content.facts)) {
    yield error(
      `${setting}: ${path} may not be read by the daemon's user (${daemon.uid}; owner ${content.facts.uid}, mode ${modeText(content.facts)}): its next start fails`,
      readRemedy(daemon, path),
    );
  }
  // The configuration file is read again without a restart.
  if (setting === CONFIGURATION_FILE || startedAtMs === undefined || writtenAtMs === undefined) return;
  if (writtenAtMs > startedAtMs) {
    yield warning(
      `${setting}: ${path} was written after the daemon started, which uses what stood there before`,
      restartRemedy('restart the daemon', config),
    );
  }
}

function* modeFindings({ setting, path, content }: NamedText): Iterable<Finding> {
  if (!('facts' in content) || (content.facts.mode & 0o007) === 0) return;
  const what = `${setting}: ${path} has mode ${modeText(content.facts)}: every user of this host may read the secret`;
  yield error(what, `chmod 640 ${path}, and make a new secret if others were on this host`);
}

function* certificateFindings({ setting, path, content }: NamedText, nowMs: number): Iterable<Finding> {
  if (content.kind !== 'text' || content.text.trim() === '') return;
  const certificate = parsed(content.text);
  if (certificate === undefined) {
    yield error(
      `${setting}: ${path} is no certificate in PEM`,
      'put one there that begins with -----BEGIN CERTIFICATE-----',
    );
    return;
  }
  const leftMs = Date.parse(certificate.validTo) - nowMs;
  const remedy = 'put a new one there, on both nodes if it is the list of authorities, and restart the daemon';
  if (leftMs < 0) yield error(`${setting}: ${path} has expired (${certificate.validTo})`, remedy);
  else if (leftMs < EXPIRY_WARN_DAYS * DAY_MS) {
    yield warning(`${setting}: ${path} expires soon (${certificate.validTo})`, remedy);
  }
}

function parsed(text: string): X509Certificate | undefined {
  try {
    return new X509Certificate(text);
  } catch {
    return undefined;
  }
}

function* socketFindings({ setting, path, facts }: SecretFilesFacts['socket']): Iterable<Finding> {
  if (facts.kind === 'missing') return;
  if (facts.kind === 'unreadable')
    yield unchecked(`${setting}: ${path} (${facts.reason})`, 'run twinreg doctor as root');
  else if (facts.kind !== 'socket') {
    yield error(
      `${setting}: ${path} is a ${facts.kind}, no socket`,
      'move it away; the daemon makes the socket when it starts',
    );
  } else if ((facts.mode & 0o002) !== 0) {
    const what = `${setting}: ${path} has mode ${modeText(facts)}: every user of this host may give the daemon orders`;
    yield error(what, `chmod 660 ${path}`);
  }
}
