import { createHash, timingSafeEqual } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { OperationalError } from '../../core/errors.ts';
import { TOKEN_CHARS_MIN } from '../../core/token-chars-min.ts';
import type { TokenSource } from './http-settings.ts';

/** The secret that a client shows as `Authorization: Bearer …`. Only its hash is kept. */
export class HttpToken {
  readonly #hash: Buffer;

  constructor(text: string) {
    this.#hash = sha256(text);
  }

  /** Undefined where none is asked for; rejects with an OperationalError when the file has none. */
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
  const text = await readFile(path, 'utf8').catch((err: unknown) => {
    const reason = err instanceof Error ? err.message : String(err);
    throw new OperationalError(`mi.http_token_file: the token cannot be read: ${reason}`, { cause: err });
  });
  const token = text.trim();
  if (token.length >= TOKEN_CHARS_MIN && /^[\x21-\x7e]+$/.test(token)) return token;
  throw new OperationalError(
    `mi.http_token_file: expected in ${path} one line of at least ${TOKEN_CHARS_MIN} visible ASCII characters`,
  );
}

function sha256(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
