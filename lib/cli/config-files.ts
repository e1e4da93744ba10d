import { readCredentials } from '../cluster/twin-credentials.ts';
import type { Config } from '../config/config.ts';
import { ownerOf, mayRead, readRemedy } from '../doctor/daemon-account.ts';
import { lookAt, modeText } from '../doctor/read-path.ts';
import { readDrachtioSecret } from '../config/drachtio-secret.ts';
import { allRead, FileFaults, readSecretFile, type FileFault } from '../core/named-file.ts';

/** What is wrong with the files that a configuration names: secrets, keys and certificates, read as the start reads them. */
export async function configFileFaults(config: Config): Promise<readonly FileFault[]> {
  const token = httpTokenFile(config);
  const server = serverSecretFile(config);
  const reads: readonly Promise<unknown>[] = [
    readCredentials(config.cluster),
    ...(token === undefined ? [] : [readSecretFile('mi.http_token_file', token, 1)]),
    ...(server === undefined ? [] : [readDrachtioSecret(server)]),
  ];
  try {
    await allRead(reads);
    return [];
  } catch (err) {
    if (err instanceof FileFaults) return err.faults;
    throw err;
  }
}

/**
 * Files that root can read, and the daemon cannot: it runs as the one who has the data folder. Where that is not there yet,
 * nothing is said.
 */
export async function closedToDaemon(config: Config): Promise<readonly FileFault[]> {
  const daemon = await ownerOf(config.dataFolder);
  const faults: FileFault[] = [];
  if (daemon === undefined) return faults;
  for (const [key, path] of namedFiles(config)) {
    const facts = await lookAt(path);
    if (facts.kind !== 'file' || mayRead(daemon, facts)) continue;
    const message = `${path} (owner ${facts.uid}, mode ${modeText(facts)}) cannot be read by the daemon's user (${daemon.uid}): ${readRemedy(daemon, path)}`;
    faults.push({ key, message, isForbidden: false });
  }
  return faults;
}

function* namedFiles(config: Config): Iterable<readonly [string, string]> {
  const { cluster } = config;
  const token = httpTokenFile(config);
  const server = serverSecretFile(config);
  if (cluster?.secret.kind === 'file') yield ['clusterer.secret_file', cluster.secret.path];
  if (token !== undefined) yield ['mi.http_token_file', token];
  if (server !== undefined) yield ['sip.drachtio_secret_file', server];
  if (cluster?.tls === undefined) return;
  yield ['tls_mgm.private_key', cluster.tls.privateKeyPath];
  yield ['tls_mgm.certificate', cluster.tls.certificatePath];
  yield ['tls_mgm.ca_list', cluster.tls.caListPath];
}

function httpTokenFile({ mi }: Config): string | undefined {
  return mi.http?.kind === 'off' ? undefined : mi.http_token_file;
}

function serverSecretFile({ sip }: Config): string | undefined {
  return sip.engine === 'drachtio' ? sip.drachtio_secret_file : undefined;
}
