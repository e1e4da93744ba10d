import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { untilItAnswers } from './load-client.ts';
import { processTree } from './proc.ts';
import { ADDRESS, SERVER_CORE, type Server } from './server.ts';

/** A program of ours can be talked to. */
interface StartedServer extends Server {
  tell(message: string): void;
  /** The next message that comes from it. */
  told(): Promise<unknown>;
}

/** Starts a program on the servers' core; resolves when it answers SIP, and leaves nothing running when it does not. */
export async function startedServer(name: string, port: number, command: readonly string[]): Promise<StartedServer> {
  const child = spawn('taskset', ['-c', SERVER_CORE, ...command], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
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
  const told = async (): Promise<unknown> => {
    const [message] = (await once(child, 'message')) as [unknown];
    return message;
  };
  const tell = (message: string): void => void child.send(message);
  return { name, address: ADDRESS, port, pids: () => processTree(pid), stop, tell, told };
}
