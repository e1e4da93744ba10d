import { join } from 'node:path';
import type { Exchange } from './exchange.ts';

/** The file with what a real drachtio-server did in an exchange. */
export function goldenPath({ name }: Pick<Exchange, 'name'>): string {
  return join(import.meta.dirname, '../golden', `${name}.txt`);
}
