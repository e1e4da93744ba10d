import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import { parseArgs } from 'node:util';
import type { CliEdges } from './cli-command.ts';
import type { NoDaemon } from './no-daemon.ts';
import { configOptions, DAEMON_OPTIONS } from './options.ts';

/**
 * The answer to "is it running?": which socket was asked, for which data folder, how to start a daemon there, and what
 * else may be the case.
 * @param args the command's words, among which stand the options that said which daemon is meant
 */
export async function notRunningText({ socketPath, reason }: NoDaemon, args: readonly string[], edges: CliEdges) {
  const { values } = parseArgs({ args: [...args], options: DAEMON_OPTIONS, strict: false, allowPositionals: true });
  const what =
    reason === 'dead'
      ? `nobody answers on ${socketPath}: the daemon that made this socket has ended`
      : `there is no socket ${socketPath}`;
  if (typeof values.socket === 'string') return `${what}; is twinreg running, and is this its management socket?`;
  const config = typeof values.config === 'string' ? values.config : undefined;
  const data = typeof values.data === 'string' ? values.data : undefined;
  const loaded = await edges.loadConfig(configOptions({ config, data }));
  const folder = loaded.ok ? loaded.config.dataFolder : dirname(socketPath);
  const options = `${config === undefined ? '' : ` -f ${config}`}${data === undefined ? '' : ` --data ${data}`}`;
  const elsewhere =
    options === '' ? '; if it runs as another user or with options, say its -f FILE or --data DIR here too' : '';
  // Without its configuration another daemon would start on the same data: one that is alone, or serves elsewhere.
  const start =
    config === undefined && existsSync(folder)
      ? 'If not, start it as it was started before, with its -f FILE if it had one'
      : 'Start it with';
  return `${what} (data folder ${folder}); is twinreg running? ${start}: twinreg run${options}${elsewhere}`;
}
