import { OperationalError } from '../core/errors.ts';
import { checkedConfig } from './checked-config.ts';
import type { CliCommand, CliEdges } from './cli-command.ts';
import { EXIT_OK } from './exit-code.ts';
import { countText } from './count-text.ts';
import { callMi } from './mi-client.ts';
import { NoDaemon } from './no-daemon.ts';
import { configOptions, DAEMON_HELP, DAEMON_OPTIONS, DAEMON_USAGE, parseOptions, socketPath } from './options.ts';

type Values = Parameters<typeof socketPath>[0];

export const backupCommand: CliCommand = {
  name: 'backup',
  summary: 'copy the database to a file, while the daemon runs or not',
  usage: `[--force] ${DAEMON_USAGE} FILE`,
  help: [
    'FILE                    the copy; all that was answered before the command began is in it',
    '--force                 replace FILE if it exists',
    ...DAEMON_HELP,
  ],
  async run(args, edges) {
    const options = { ...DAEMON_OPTIONS, force: { type: 'boolean' } } as const;
    const { values, args: words } = parseOptions(args, options, ['FILE']);
    const [target = ''] = words;
    const { path, isRunning } = await database(values, edges);
    const { bytes, bindings } = await import('../storage/backup-copy.ts').then(({ copyDatabase }) =>
      copyDatabase(path, target, values.force === true),
    );
    const from = isRunning ? path : `${path} (the daemon is not running)`;
    await edges.out.write(`${target}: ${countText(bindings, 'binding')}, ${bytes} bytes, from ${from}\n`);
    return EXIT_OK;
  },
};

/** Where the file is; a daemon that runs is asked, and has put on disk all that it answered. */
async function database(values: Values, edges: CliEdges): Promise<{ path: string; isRunning: boolean }> {
  const socket = await socketPath(values, edges);
  try {
    const status = await callMi(socket, 'status', {}, edges.clock);
    const path = storagePath(status);
    if (path === undefined) throw nothingStored();
    await callMi(socket, 'ul_flush', {}, edges.clock);
    return { path, isRunning: true };
  } catch (err) {
    if (!(err instanceof NoDaemon) || values.socket !== undefined) throw err;
    const options = configOptions(values);
    const { persistence } = checkedConfig(await edges.loadConfig(options), options).config;
    if (persistence.kind === 'none') throw nothingStored();
    return { path: persistence.path, isRunning: false };
  }
}

function storagePath(status: unknown): string | undefined {
  const storage = typeof status === 'object' && status !== null && 'storage' in status ? status.storage : undefined;
  if (typeof storage !== 'object' || storage === null || !('path' in storage)) return undefined;
  return typeof storage.path === 'string' ? storage.path : undefined;
}

function nothingStored(): OperationalError {
  return new OperationalError('nothing is stored on disk with this configuration, so there is nothing to copy');
}
