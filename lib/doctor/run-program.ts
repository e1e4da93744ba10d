import { execFile } from 'node:child_process';

export type Ran =
  | { readonly kind: 'ended'; readonly code: number; readonly out: string; readonly err: string }
  | { readonly kind: 'missing' }
  /** It was ended by this signal, and not by us. */
  | { readonly kind: 'killed'; readonly signal: string }
  /** It did not end in time, or could not be started. */
  | { readonly kind: 'failed'; readonly reason: string };

/** What is asked answers in a fraction of this. */
const TIMEOUT_MS = 10_000;
const OUTPUT_BYTES_MAX = 1 << 20;

/** Where daemons and their tools are; ordinary users do not have the second half on their PATH. */
const ENV = { PATH: '/usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin', LC_ALL: 'C' };

/** Runs a program to its end. Never rejects, and waits for a bounded time. */
export function runProgram(program: string, args: readonly string[]): Promise<Ran> {
  const options = { env: ENV, timeout: TIMEOUT_MS, killSignal: 'SIGKILL', maxBuffer: OUTPUT_BYTES_MAX } as const;
  return new Promise((resolve) => {
    const child = execFile(program, args, options, (err, out, errText) => {
      if (err === null) return resolve({ kind: 'ended', code: 0, out, err: errText });
      if (err.code === 'ENOENT') return resolve({ kind: 'missing' });
      if (typeof err.code === 'number') return resolve({ kind: 'ended', code: err.code, out, err: errText });
      if (err.killed === true)
        return resolve({ kind: 'failed', reason: `it did not end within ${TIMEOUT_MS / 1000} s` });
      if (err.signal !== undefined) return resolve({ kind: 'killed', signal: err.signal });
      resolve({ kind: 'failed', reason: err.message });
    });
    child.stdin?.end();
  });
}
