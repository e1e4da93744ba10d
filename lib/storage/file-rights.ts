import { chmodSync, existsSync, statSync, type Stats } from 'node:fs';
import { userInfo, type UserInfo } from 'node:os';

/** For the daemon's user and group, as its own umask has it. Who is registered is nobody else's business. */
const FILE_MODE = 0o640;
const RIGHTS = 0o777;
const ROOT = 0;

/** SQLite gives them the rights of the file that they belong to, which may have been wider when they were made. */
const COMPANIONS = ['', '-wal', '-shm'];

/**
 * Gives a file the rights that the daemon gives: whoever else made it, an administrator's shell mostly, has another umask.
 * One that has less already stays so. Nothing happens where this process may not change it.
 * @param isNew it was just made here, so that whatever it has is nobody's wish
 */
export function setRights(path: string, isNew: boolean): void {
  const found = statOf(path);
  if (found === undefined) return;
  const mode = isNew ? FILE_MODE : found.mode & FILE_MODE;
  if ((found.mode & RIGHTS) === mode) return;
  try {
    chmodSync(path, mode);
  } catch (err) {
    // Somebody else's, or read-only: if it cannot be written either, SQLite says so.
    if (!(err instanceof Error && 'code' in err && (err.code === 'EPERM' || err.code === 'EROFS'))) throw err;
  }
}

/** The same of a database and the files beside it. */
export function setDatabaseRights(path: string, isNew: boolean): void {
  for (const suffix of COMPANIONS) setRights(path + suffix, isNew);
}

/** Whether nothing has been stored in the file yet, as the shell leaves it when its statements fail. */
export function isEmptyFile(path: string): boolean {
  return (statOf(path)?.size ?? 0) === 0;
}

/** What to do about a database that cannot be written since it, or a file beside it, is somebody else's; '' where it is not. */
export function ownerAdvice(path: string): string {
  const user = ownUser();
  if (user === undefined || user.uid === ROOT) return '';
  for (const suffix of COMPANIONS) {
    const found = statOf(path + suffix);
    if (found !== undefined && found.uid !== user.uid) return foreignText(path + suffix, found, user.username);
  }
  return '';
}

function foreignText(path: string, { uid, size }: Stats, ownName: string): string {
  const owner = uid === ROOT ? 'root' : `the user with the number ${uid}`;
  const remove = size === 0 ? ', or remove it, since it is empty' : '';
  return `; ${path} belongs to ${owner}, and this is ${ownName}: give it to the daemon's user (chown)${remove}`;
}

/** Undefined for a user without an account, as in some containers. */
function ownUser(): UserInfo<string> | undefined {
  try {
    return userInfo();
  } catch {
    return undefined;
  }
}

/** Undefined also for what cannot be looked at. */
function statOf(path: string): Stats | undefined {
  return existsSync(path) ? statSync(path, { throwIfNoEntry: false }) : undefined;
}
