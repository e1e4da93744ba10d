import { createSecureContext } from 'node:tls';
import { allRead, FileFaults, readNamedFile } from '../core/named-file.ts';
import type { TwinTls } from '../replication/twin-server.ts';
import { readClusterSecrets, type SecretSource } from './cluster-secrets.ts';

/** What a node proves itself with; empty for a node of its own. */
export interface TwinCredentials {
  readonly secrets: readonly string[];
  readonly tls: TwinTls | undefined;
}

/** Where it stands. */
export interface CredentialSource {
  readonly secret: SecretSource;
  /** Absolute paths; undefined without TLS. */
  readonly tls:
    { readonly certificatePath: string; readonly privateKeyPath: string; readonly caListPath: string } | undefined;
}

/** Reads the files with secrets, keys and certificates. Rejects with FileFaults: all of them. */
export async function readCredentials(source: CredentialSource | undefined): Promise<TwinCredentials> {
  if (source === undefined) return { secrets: [], tls: undefined };
  const secrets = readClusterSecrets(source.secret);
  const tls = source.tls === undefined ? Promise.resolve(undefined) : readTls(source.tls);
  await allRead<unknown>([secrets, tls]);
  return { secrets: await secrets, tls: await tls };
}

async function readTls(files: NonNullable<CredentialSource['tls']>): Promise<TwinTls> {
  const { certificatePath, privateKeyPath, caListPath } = files;
  const [certificate = '', privateKey = '', caList = ''] = await allRead([
    readNamedFile('tls_mgm.certificate', certificatePath),
    readNamedFile('tls_mgm.private_key', privateKeyPath),
    readNamedFile('tls_mgm.ca_list', caListPath),
  ]);
  try {
    createSecureContext({ cert: certificate, key: privateKey, ca: caList });
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    const names = `certificate ${certificatePath}, private_key ${privateKeyPath}, ca_list ${caListPath}`;
    const expected = 'expected PEM files, and the key of that certificate without a passphrase';
    throw new FileFaults([{ key: 'tls_mgm', message: `${names}: ${reason}; ${expected}`, isForbidden: false }], cause);
  }
  return { certificate, privateKey, caList };
}
