import { FileFaults, readNamedFile } from '../core/named-file.ts';

const KEY = 'sip.drachtio_secret_file';

/** The secret of drachtio-server in a file; rejects with FileFaults when the file has none. */
export async function readDrachtioSecret(path: string): Promise<string> {
  const line = (await readNamedFile(KEY, path)).trim();
  // A bar would end the word in the server's protocol.
  if (/^[\x21-\x7b\x7d\x7e]{1,255}$/.test(line)) return line;
  const message = `expected in ${path} one line of at most 255 visible ASCII characters but "|"`;
  throw new FileFaults([{ key: KEY, message, isForbidden: false }]);
}
