import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { untilItAnswers } from './load-client.ts';
import { processTree } from './proc.ts';
import { ADDRESS, SERVER_CORE, type Place, type Server } from './server.ts';

/** A program of ours can be talked to. */
interface StartedServer extends Server {
  tell(message: string): void;
  /** The next message that comes from it. */
  told(): Promise<unknown>;
}

/** Where a server stands that is measured alone. */
export function alone(port: number): Place {
  return { address: ADDRESS, port, core: SERVER_CORE };
}

/** Starts a program on its core; resolves when it answers SIP, and leaves nothing running when it does not. */
export async function startedServer(name: string, place: Place, command: readonly string[]): Promise<StartedServer> {
  const { address, port, core } = place;
  const child = spawn('taskset', ['-c', core, ...command], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  const ended = once(child, 'exit');
  const stop = async (): Promise<void> => {
    child.kill('SIGTERM');
    await ended;
  };
  try {
    await untilItAnswers(address, port);
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
  return { name, address, port, pids: () => processTree(pid), stop, tell, told };
}
