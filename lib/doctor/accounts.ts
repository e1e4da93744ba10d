import { runProgram } from './run-program.ts';

export interface Account {
  readonly uid: number;
  readonly gid: number;
}

/** `unknown`: nobody could be asked. */
export type FoundAccount = Account | 'missing' | 'unknown';

/** `getent`'s exit code where there is no such entry. */
const NOT_FOUND = 2;

/** Looks a user up as keepalived does, and a group beside it, where one is named. */
export async function findAccount(user: string, group: string | undefined): Promise<FoundAccount> {
  const own = await idsOf('passwd', user);
  if (typeof own === 'string') return own;
  const [uid = 0, gid = 0] = own;
  if (group === undefined) return { uid, gid };
  const others = await idsOf('group', group);
  return typeof others === 'string' ? others : { uid, gid: others[0] ?? 0 };
}

/** The numbers of an entry: a user's own and that of its group, or a group's. */
async function idsOf(database: 'passwd' | 'group', name: string): Promise<readonly number[] | 'missing' | 'unknown'> {
  const ran = await runProgram('getent', ['--', database, name]);
  if (ran.kind !== 'ended') return 'unknown';
  if (ran.code === NOT_FOUND) return 'missing';
  const [, , ...ids] = ran.code === 0 ? (ran.out.split('\n')[0] ?? '').split(':') : [];
  return ids.length === 0 ? 'unknown' : ids.slice(0, 2).map(Number);
}
