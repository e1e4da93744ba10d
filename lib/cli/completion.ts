import { bashCompletion } from './bash-completion.ts';
import type { CliCommand } from './cli-command.ts';
import { EXIT_OK } from './exit-code.ts';
import { parseOptions } from './options.ts';
import { UsageError } from './usage-error.ts';

/** @param commands all of them, this one included */
export function completionCommand(commands: () => readonly CliCommand[]): CliCommand {
  return {
    name: 'completion',
    summary: 'print what lets a shell complete this command',
    usage: 'bash',
    help: [
      'bash                    for bash; in ~/.bashrc: source <(twinreg completion bash)',
      '                        for all users: twinreg completion bash > /etc/bash_completion.d/twinreg',
    ],
    words: ['bash'],
    async run(args, edges) {
      const { args: words } = parseOptions(args, {}, ['bash']);
      const [shell = ''] = words;
      if (shell !== 'bash') throw new UsageError(`expected bash, found '${shell}'`);
      await edges.out.write(bashCompletion(commands()));
      return EXIT_OK;
    },
  };
}
