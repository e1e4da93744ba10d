import { runCli } from '../../../lib/cli/cli.ts';
import type { CliEdges } from '../../../lib/cli/cli-command.ts';
import { loadConfig } from '../../../lib/config/load-config.ts';
import { systemClock } from '../../../lib/core/clock.ts';
import { MemoryOutput } from '../../support/memory-output.ts';

export interface Outcome {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

export const SURROUNDINGS = { cwd: '/', home: '/home/op', xdgStateHome: undefined, isRoot: false };

/** The command line in this process, with edges that a test may replace, to its end. */
export async function commandLine(words: readonly string[], edges: Partial<CliEdges> = {}): Promise<Outcome> {
  const out = new MemoryOutput();
  const err = new MemoryOutput();
  const code = await runCli(words, {
    version: '1.2.3',
    out,
    err,
    clock: systemClock,
    loadConfig: ({ listen, dataFolder }) =>
      Promise.resolve(loadConfig({ text: undefined, listen, data: dataFolder, surroundings: SURROUNDINGS })),
    runDaemon: () => Promise.resolve(0),
    ...edges,
  });
  return { code, out: out.text, err: err.text };
}
