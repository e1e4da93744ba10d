import { isAbsolute, join, resolve } from 'node:path';

/** What the configuration takes from the process that it is read for. */
export interface Surroundings {
  /** Working directory, which relative paths on the command line start from; undefined where it is gone, or closed to this user. */
  readonly cwd: string | undefined;
  /** HOME. */
  readonly home: string | undefined;
  /** XDG_STATE_HOME. */
  readonly xdgStateHome: string | undefined;
  /** Whether the process runs with user id 0. */
  readonly isRoot: boolean;
}

const ROOT_FOLDER = '/var/lib/twinreg';

/**
 * Where data goes: what `--data` says, else /var/lib/twinreg for root, else below the user's state folder. A relative
 * XDG_STATE_HOME is ignored, as its specification asks.
 * @returns an absolute path, or undefined when there is no folder to begin with.
 */
export function dataFolder(option: string | undefined, surroundings: Surroundings): string | undefined {
  const { cwd, home, xdgStateHome, isRoot } = surroundings;
  if (option !== undefined) return option === '' ? undefined : absolute(option, cwd);
  if (isRoot) return ROOT_FOLDER;
  if (xdgStateHome !== undefined && isAbsolute(xdgStateHome)) return join(xdgStateHome, 'twinreg');
  if (home !== undefined && isAbsolute(home)) return join(home, '.local', 'state', 'twinreg');
  return undefined;
}

function absolute(path: string, cwd: string | undefined): string | undefined {
  // Without `cwd`, `resolve` would ask the process for it.
  if (isAbsolute(path)) return resolve(path);
  return cwd === undefined ? undefined : resolve(cwd, path);
}
