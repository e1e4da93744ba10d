import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { resolve } from 'node:path';

/**
 * The processes that run a script and were started with a certain variable in their environment, on systems that have
 * /proc. A process keeps that for life, also when its parent has ended and it belongs to another one now.
 */
export function markedProcesses(script: string, name: string, value: string): number[] {
  const mark = `${name}=${value}`;
  return processes()
    .filter((pid) => scriptsOf(pid).includes(script) && stringsOf(pid, 'environ').includes(mark))
    .map(Number);
}

function processes(): string[] {
  try {
    return readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  } catch {
    return [];
  }
}

function scriptsOf(pid: string): string[] {
  const args = stringsOf(pid, 'cmdline').filter((arg) => arg.endsWith('.ts'));
  try {
    const cwd = readlinkSync(`/proc/${pid}/cwd`);
    return args.map((arg) => resolve(cwd, arg));
  } catch {
    // It ended meanwhile.
    return [];
  }
}

function stringsOf(pid: string, file: 'cmdline' | 'environ'): string[] {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8').split('\0');
  } catch {
    // It ended meanwhile, or is somebody else's.
    return [];
  }
}
