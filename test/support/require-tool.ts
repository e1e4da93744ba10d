import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';

export type Tool =
  | { readonly path: string; readonly skip: false }
  /** The value of `skip` is the reason that tap shows beside the test's name. */
  | { readonly path: undefined; readonly skip: string };

/**
 * Looks for a program that a test needs, so that the test says why it is skipped where the program is missing:
 * `const sipsak = requireTool('sipsak')`, then `t.test('…', { skip: sipsak.skip }, …)`.
 * /usr/sbin and /sbin are searched too: daemons are installed there, and users have them not on their PATH.
 */
export function requireTool(program: string, debianPackage: string = program): Tool {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/local/sbin', '/usr/sbin', '/sbin'];
  for (const folder of folders) {
    const path = join(folder === '' ? '.' : folder, program);
    if (isExecutableFile(path)) return { path, skip: false };
  }
  return { path: undefined, skip: `needs ${program} (Debian package ${debianPackage})` };
}

function isExecutableFile(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
