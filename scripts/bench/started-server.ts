import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { untilItAnswers } from './load-client.ts';
import { processTree } from './proc.ts';
import { ADDRESS, SERVER_CORE, type Server } from './server.ts';

/** Starts a program on the servers' core; resolves when it answers SIP, and leaves nothing running when it does not. */
export async function startedServer(name: string, port: number, command: readonly string[]): Promise<Server> {
  const child = spawn('taskset', ['-c', SERVER_CORE, ...command], { stdio: ['ignore', 'ignore', 'inherit'] });
  const ended = once(child, 'exit');
  const stop = async (): Promise<void> => {
    child.kill('SIGTERM');
    await ended;
  };
  try {
    await untilItAnswers(port);
  } catch (error) {
    await stop();
    throw error;
  }
  const pid = child.pid ?? 0;
  return { name, address: ADDRESS, port, pids: () => processTree(pid), stop };
}
