import { readCredentials } from '../cluster/twin-credentials.ts';
import type { Config } from '../config/config.ts';
import { allRead, FileFaults, readSecretFile, type FileFault } from '../core/named-file.ts';

/** What is wrong with the files that a configuration names: secrets, keys and certificates, read as the start reads them. */
export async function configFileFaults({ cluster, mi }: Config): Promise<readonly FileFault[]> {
  const token = mi.http?.kind === 'off' ? undefined : mi.http_token_file;
  const reads: readonly Promise<unknown>[] = [
    readCredentials(cluster),
    ...(token === undefined ? [] : [readSecretFile('mi.http_token_file', token, 1)]),
  ];
  try {
    await allRead(reads);
    return [];
  } catch (err) {
    if (err instanceof FileFaults) return err.faults;
    throw err;
  }
}
