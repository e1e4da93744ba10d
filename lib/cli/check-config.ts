import { formatProblems } from '../config/problem.ts';
import { checkedConfig, fileName } from './checked-config.ts';
import type { CliCommand } from './cli-command.ts';
import { EXIT_OK } from './exit-code.ts';
import { CONFIG_HELP, CONFIG_OPTIONS, configOptions, parseOptions } from './options.ts';

export const checkConfigCommand: CliCommand = {
  name: 'check-config',
  summary: 'say everything that is wrong with a configuration, and do nothing else',
  usage: '[-f FILE] [--listen ADDRESS]… [--data DIR]',
  help: CONFIG_HELP,
  async run(args, edges) {
    const options = configOptions(parseOptions(args, CONFIG_OPTIONS).values);
    const { warnings } = checkedConfig(await edges.loadConfig(options), options);
    if (warnings.length > 0) await edges.err.write(`${formatProblems(fileName(options), warnings)}\n`);
    await edges.out.write(`${fileName(options)}: the configuration is valid\n`);
    return EXIT_OK;
  },
};
