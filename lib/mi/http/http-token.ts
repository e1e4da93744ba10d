import { createHash, timingSafeEqual } from 'node:crypto';
import { readSecretFile } from '../../core/named-file.ts';
import type { TokenSource } from './http-settings.ts';

/** The secret that a client shows as `Authorization: Bearer …`. Only its hash is kept. */
export class HttpToken {
  readonly #hash: Buffer;

  constructor(text: string) {
    this.#hash = sha256(text);
  }

  /** Undefined where none is asked for; rejects with FileFaults when the file has none. */
  static async read(source: TokenSource): Promise<HttpToken | undefined> {
    switch (source.kind) {
      case 'none':
        return undefined;
      case 'text':
        return new HttpToken(source.text);
      case 'file':
        return new HttpToken(await tokenIn(source.path));
    }
  }

  /** Takes as long for a wrong token as for the right one: hashes of one length are compared whole. */
  isShownBy(authorization: string | undefined): boolean {
    const shown = /^Bearer +(\S+) *$/i.exec(authorization ?? '')?.[1];
    return timingSafeEqual(sha256(shown ?? ''), this.#hash) && shown !== undefined;
  }
}

async function tokenIn(path: string): Promise<string> {
  const [token = ''] = await readSecretFile('mi.http_token_file', path, 1);
  return token;
}

function sha256(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
