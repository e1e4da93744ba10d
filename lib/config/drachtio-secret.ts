import { FileFaults, readNamedFile } from '../core/named-file.ts';

export const DRACHTIO_SECRET_KEY = 'sip.drachtio_secret_file';

/** What a file with the secret of drachtio-server has to have in it. */
export const DRACHTIO_SECRET_EXPECTED = 'one line of at most 255 visible ASCII characters but "|"';

/** The secret of drachtio-server in a file; rejects with FileFaults when the file has none. */
export async function readDrachtioSecret(path: string): Promise<string> {
  const text = await readNamedFile(DRACHTIO_SECRET_KEY, path);
  const secret = drachtioSecretIn(text);
  if (secret !== undefined) return secret;
  throw new FileFaults([
    { key: DRACHTIO_SECRET_KEY, message: `expected in ${path} ${DRACHTIO_SECRET_EXPECTED}`, isForbidden: false },
  ]);
}

/** The secret that such a text is; undefined when it is none. */
export function drachtioSecretIn(text: string): string | undefined {
  const line = text.trim();
  // A bar would end the word in the server's protocol.
  return /^[\x21-\x7b\x7d\x7e]{1,255}$/.test(line) ? line : undefined;
}
