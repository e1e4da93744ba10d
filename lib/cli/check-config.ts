import { formatProblems, type ConfigProblem } from '../config/problem.ts';
import type { FileFault } from '../core/named-file.ts';
import { checkedConfig, fileName } from './checked-config.ts';
import type { CliCommand } from './cli-command.ts';
import { ConfigError } from './config-error.ts';
import { closedToDaemon, configFileFaults } from './config-files.ts';
import { EXIT_OK } from './exit-code.ts';
import { CONFIG_HELP, CONFIG_OPTIONS, configOptions, parseOptions } from './options.ts';

export const checkConfigCommand: CliCommand = {
  name: 'check-config',
  summary: 'say everything that is wrong with a configuration, and do nothing else',
  usage: '[-f FILE] [--listen ADDRESS]… [--data DIR]',
  help: [
    ...CONFIG_HELP,
    '',
    'The files with secrets, keys and certificates that it names are read too; one that this user may not read is a warning, and one',
    'that the owner of the data folder, who runs the daemon, may not read is an error.',
  ],
  async run(args, edges) {
    const options = configOptions(parseOptions(args, CONFIG_OPTIONS).values);
    const { config, warnings } = checkedConfig(await edges.loadConfig(options), options);
    const faults = await configFileFaults(config);
    const wrong = [...faults.filter(({ isForbidden }) => !isForbidden), ...(await closedToDaemon(config))];
    if (wrong.length > 0) throw new ConfigError(formatProblems(fileName(options), wrong.map(problemOf)));
    // The daemon runs as another user, who perhaps may.
    const shown = [...warnings, ...faults.map(problemOf)];
    if (shown.length > 0) await edges.err.write(`${formatProblems(fileName(options), shown)}\n`);
    await edges.out.write(`${fileName(options)}: the configuration is valid\n`);
    return EXIT_OK;
  },
};

function problemOf({ key, message }: FileFault): ConfigProblem {
  return { key, line: undefined, message };
}
