import { readdir, readlink } from 'node:fs/promises';
import { basename } from 'node:path';

/** A process that has a file or a socket open. */
export interface Holder {
  readonly pid: number;
  /** The name of its program's file. */
  readonly program: string;
}

/**
 * Who has these open, by what `/proc/PID/fd/N` leads to: the path of a file, `socket:[4711]`. The processes of other users only
 * root sees.
 */
export async function holdersOf(links: ReadonlySet<string>): Promise<ReadonlyMap<string, Holder>> {
  const found = new Map<string, Holder>();
  if (links.size === 0) return found;
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  for (const pid of pids) {
    for (const fd of await readdir(`/proc/${pid}/fd`).catch(() => [])) {
      const link = await readlink(`/proc/${pid}/fd/${fd}`).catch(() => '');
      if (!links.has(link) || found.has(link)) continue;
      // A thread may call itself something else than its program.
      const program = await readlink(`/proc/${pid}/exe`).catch(() => 'a program');
      found.set(link, { pid: Number(pid), program: basename(program) });
    }
  }
  return found;
}
