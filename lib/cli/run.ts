import type { CliCommand } from './cli-command.ts';
import { CONFIG_HELP, CONFIG_OPTIONS, configOptions, parseOptions } from './options.ts';

export const runCommand: CliCommand = {
  name: 'run',
  summary: 'serve SIP until SIGTERM or Ctrl-C',
  usage: '[-f FILE] [--listen ADDRESS]… [--data DIR]',
  help: CONFIG_HELP,
  run(args, edges) {
    const { values } = parseOptions(args, CONFIG_OPTIONS);
    return edges.runDaemon(configOptions(values));
  },
};
