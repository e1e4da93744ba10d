import { readFile } from 'node:fs/promises';
import { OperationalError } from '../core/errors.ts';
import { TOKEN_CHARS_MIN } from '../core/token-chars-min.ts';

/** Where the secrets come from that two nodes prove themselves to each other with. */
export type SecretSource =
  | { readonly kind: 'none' }
  | { readonly kind: 'texts'; readonly texts: readonly string[] }
  | { readonly kind: 'file'; readonly path: string };

const SECRETS_MAX = 2;

/**
 * @returns the secret that signs, then perhaps one that is accepted beside it; none where replication goes without.
 *   Rejects with an OperationalError that names the file, and shows nothing of what is in it.
 */
export async function readClusterSecrets(source: SecretSource): Promise<readonly string[]> {
  switch (source.kind) {
    case 'none':
      return [];
    case 'texts':
      return source.texts;
    case 'file':
      return secretsIn(source.path);
  }
}

async function secretsIn(path: string): Promise<readonly string[]> {
  const text = await readFile(path, 'utf8').catch((err: unknown) => {
    const reason = err instanceof Error ? err.message : String(err);
    throw new OperationalError(`clusterer.secret_file: the secret cannot be read: ${reason}`, { cause: err });
  });
  const lines = text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
  if (lines.length >= 1 && lines.length <= SECRETS_MAX && lines.every(isSecret)) return lines;
  throw new OperationalError(
    `clusterer.secret_file: expected in ${path} one line, or two, of at least ${TOKEN_CHARS_MIN} visible ASCII characters each, as \`openssl rand -hex 32\` makes one`,
  );
}

function isSecret(line: string): boolean {
  return line.length >= TOKEN_CHARS_MIN && /^[\x21-\x7e]+$/.test(line);
}
