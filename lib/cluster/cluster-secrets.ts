import { readSecretFile } from '../core/named-file.ts';

/** Where the secrets come from that two nodes prove themselves to each other with. */
export type SecretSource =
  | { readonly kind: 'none' }
  | { readonly kind: 'texts'; readonly texts: readonly string[] }
  | { readonly kind: 'file'; readonly path: string };

const SECRETS_MAX = 2;

/**
 * @returns the secret that signs, then perhaps one that is accepted beside it; none where replication goes without.
 *   Rejects with FileFaults, which show nothing of what is in the file.
 */
export async function readClusterSecrets(source: SecretSource): Promise<readonly string[]> {
  switch (source.kind) {
    case 'none':
      return [];
    case 'texts':
      return source.texts;
    case 'file':
      return readSecretFile('clusterer.secret_file', source.path, SECRETS_MAX);
  }
}
