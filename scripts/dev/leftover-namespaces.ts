import { spawnSync } from 'node:child_process';

/** Namespaces of tests hold the process id of the test: `twinreg-ROLE-PID-NUMBER`, or without a role. */
const NAME = /^(twinreg-(?:\w+-)?(\d+)-\d+)\b/;

/**
 * Removes the network namespaces of tests whose process is gone, with every process that runs there: a test that was ended by
 * force cleans up nothing. Returns their names.
 */
export function removeLeftoverNamespaces(): string[] {
  const left: string[] = [];
  for (const line of linesOf('netns', 'list')) {
    const [, name, pid] = NAME.exec(line) ?? [];
    if (name === undefined || isAlive(Number(pid))) continue;
    for (const inside of linesOf('netns', 'pids', name)) end(Number(inside));
    spawnSync('ip', ['netns', 'delete', name]);
    left.push(name);
  }
  return left;
}

/** None where there is no `ip`, or it may not be used. */
function linesOf(...args: readonly string[]): string[] {
  const { stdout } = spawnSync('ip', args, { encoding: 'utf8' }) as { stdout: string | null };
  return (stdout ?? '').split('\n').filter((line) => line !== '');
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (err) {
    // It is there, and another user's.
    return err instanceof Error && 'code' in err && err.code === 'EPERM';
  }
}

function end(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It ended by itself.
  }
}
