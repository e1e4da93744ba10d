import type { CliCommand } from './cli-command.ts';
import { EXIT_OK } from './exit-code.ts';
import { parseOptions } from './options.ts';

export const versionCommand: CliCommand = {
  name: 'version',
  summary: 'show the version of this program',
  usage: '',
  help: [],
  async run(args, edges) {
    parseOptions(args, {});
    await edges.out.write(`twinreg ${edges.version}\n`);
    return EXIT_OK;
  },
};
