import type { Test } from 'tap';
import { join } from 'node:path';
import { systemClock } from '../../../lib/core/clock.ts';
import { CommandTable } from '../../../lib/mi/command-table.ts';
import type { MiCommand } from '../../../lib/mi/mi-command.ts';
import { RpcDispatcher } from '../../../lib/mi/rpc-dispatcher.ts';
import { UnixSocketServer } from '../../../lib/mi/unix-socket-server.ts';
import { silentLog } from '../../support/silent-log.ts';
import { tempFolder } from '../../support/temp-folder.ts';

/** A data folder in which a management socket answers these commands, until the test ends or stops it. */
export async function miServer(t: Test, commands: readonly MiCommand[], folder = tempFolder(t)) {
  const dispatcher = new RpcDispatcher(new CommandTable(commands));
  const server = new UnixSocketServer(join(folder, 'twinreg.sock'), dispatcher, systemClock, silentLog);
  await server.start();
  t.teardown(() => server.stop());
  return { folder, stop: () => server.stop() };
}
