import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Daemon } from './daemon.ts';

/** A reply that has not ended by then never will; what has come is given. */
const REPLY_MS = 15_000;

let repliesAsked = 0;

/** Writes into the daemon's FIFO and waits for nothing but the kernel. */
export function writeFifo(daemon: Daemon, request: string | Buffer): Promise<void> {
  return writeFile(daemon.fifoPath, request, { flag: 'a' });
}

/** A name that no reply FIFO of this process has had. */
export function replyName(): string {
  return `reply_${process.pid}_${++repliesAsked}`;
}

/** Makes a reply FIFO of this name in the reply folder; its path. */
export async function makeReplyFifo(daemon: Daemon, name: string): Promise<string> {
  const path = join(daemon.folder, name);
  await once(spawn('mkfifo', [path], { stdio: 'ignore' }), 'close');
  return path;
}

/** A request by a client that makes its reply FIFO first and reads the reply to its end. */
export async function askFifo(daemon: Daemon, request: (name: string) => string): Promise<string> {
  const name = replyName();
  const path = await makeReplyFifo(daemon, name);
  const reader = spawn('cat', [path], { stdio: ['ignore', 'pipe', 'ignore'], timeout: REPLY_MS });
  const parts: Buffer[] = [];
  reader.stdout.on('data', (part: Buffer) => parts.push(part));
  // The reply may have come before the file is closed that the request was written into.
  const closed = once(reader, 'close');
  await writeFifo(daemon, request(name));
  await closed;
  await rm(path);
  return Buffer.concat(parts).toString('utf8');
}
