import { statusIn, type DaemonAnswer } from './daemon-answer.ts';
import { lookAt, mayDo, readText, type PathFacts } from './read-path.ts';
import { runProgram } from './run-program.ts';

/** Who the daemon runs as. */
export interface DaemonAccount {
  readonly uid: number;
  /** The own one first. */
  readonly gids: readonly number[];
}

const STATUS_BYTES_MAX = 8192;

/** That of the process that runs, else whose the data folder is; undefined where neither can be seen. */
export async function findDaemonAccount(answer: DaemonAnswer, dataFolder: string): Promise<DaemonAccount | undefined> {
  const pid = statusIn(answer)?.pid;
  return (pid === undefined ? undefined : await accountOf(pid)) ?? (await ownerOf(dataFolder));
}

async function accountOf(pid: number): Promise<DaemonAccount | undefined> {
  const found = await readText(`/proc/${pid}/status`, STATUS_BYTES_MAX);
  if (found.kind !== 'text') return undefined;
  const numbers = (name: string) => {
    const [, line = ''] = new RegExp(`^${name}:(.*)$`, 'm').exec(found.text) ?? [];
    return line
      .split(/\s+/)
      .filter((word) => word !== '')
      .map(Number);
  };
  const [, uid] = numbers('Uid');
  const [, gid] = numbers('Gid');
  return uid === undefined || gid === undefined ? undefined : { uid, gids: [gid, ...numbers('Groups')] };
}

export async function ownerOf(folder: string): Promise<DaemonAccount | undefined> {
  const facts = await lookAt(folder);
  if (facts.kind !== 'folder') return undefined;
  const ran = await runProgram('id', ['-G', String(facts.uid)]);
  const gids = ran.kind === 'ended' && ran.code === 0 ? ran.out.trim().split(/\s+/).map(Number) : [facts.gid];
  return { uid: facts.uid, gids };
}

const READ = 4;

/** Whether the daemon's user may read a file; the folders above it are not looked at. */
export function mayRead({ uid, gids }: DaemonAccount, facts: PathFacts): boolean {
  const gid = gids.includes(facts.gid) ? facts.gid : -1;
  return mayDo(facts, uid, gid, READ);
}

/** What gives the daemon's user a file that root made. */
export function readRemedy({ gids: [gid = 0] }: DaemonAccount, path: string): string {
  return `chown root:${gid} ${path} && chmod 640 ${path}`;
}
