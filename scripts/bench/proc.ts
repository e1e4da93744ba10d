import { readFileSync, readdirSync } from 'node:fs';

/** Clock ticks a second in /proc/PID/stat; fixed at 100 on every Linux that Debian ships. */
const TICKS_PER_S = 100;

const PAGE_BYTES = 4096;

/** User plus system time of these processes, all their threads included, in microseconds (10 ms steps). */
export function cpuUs(pids: readonly number[]): number {
  return pids.reduce((sum, pid) => sum + cpuOfProcessUs(pid), 0);
}

function cpuOfProcessUs(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  // The command name may hold spaces and parentheses: fields count from the last ')'. utime and stime are fields 14 and 15.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return ((Number(fields[11]) + Number(fields[12])) * 1_000_000) / TICKS_PER_S;
}

/** Proportional set size of these processes in bytes: shared memory is counted once, whoever maps it. */
export function residentBytes(pids: readonly number[]): number {
  return pids.reduce((sum, pid) => sum + pssBytes(pid), 0);
}

function pssBytes(pid: number): number {
  const rollup = readFileSync(`/proc/${pid}/smaps_rollup`, 'latin1');
  const line = rollup.split('\n').find((text) => text.startsWith('Pss:')) ?? 'Pss: 0';
  return Number(line.replace(/\D+/g, ' ').trim()) * 1024;
}

/** Resident set size of these processes in bytes: cheap to ask often, unlike the proportional one. */
export function residentSetBytes(pids: readonly number[]): number {
  return pids.reduce(
    (sum, pid) => sum + Number(readFileSync(`/proc/${pid}/statm`, 'latin1').split(' ')[1]) * PAGE_BYTES,
    0,
  );
}

/** `pid` and all its descendants. */
export function processTree(pid: number): number[] {
  const children = readdirSync(`/proc/${pid}/task`).flatMap((thread) =>
    readFileSync(`/proc/${pid}/task/${thread}/children`, 'latin1').trim().split(' ').filter(Boolean).map(Number),
  );
  return [pid, ...children.flatMap(processTree)];
}
