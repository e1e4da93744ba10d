import { readFileSync } from 'node:fs';
import type { ConfigProblem } from './problem.ts';

export type ConfigText =
  { readonly ok: true; readonly text: string } | { readonly ok: false; readonly problems: readonly ConfigProblem[] };

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  EISDIR: 'expected a file, found a folder',
  ENOTDIR: 'a part of its path is no folder',
  EACCES: 'it may not be read by this user',
  EPERM: 'it may not be read by this user',
  ELOOP: 'it is a symbolic link that leads to itself',
  ENAMETOOLONG: 'its name is too long',
};

/** Reads the configuration file as UTF-8. */
export function readConfigFile(path: string): ConfigText {
  try {
    return { ok: true, text: new TextDecoder('utf-8', { fatal: true }).decode(readFileSync(path)) };
  } catch (error) {
    return { ok: false, problems: [{ key: '', line: undefined, message: `${path}: ${reasonOf(error)}` }] };
  }
}

function reasonOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  if (code === 'ERR_ENCODING_INVALID_ENCODED_DATA') return 'expected text in UTF-8';
  return REASONS[code] ?? `it cannot be read: ${error instanceof Error ? error.message : String(error)}`;
}
