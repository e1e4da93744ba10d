import { formatProblems, type ConfigProblem } from '../config/problem.ts';
import { error, warning, type Finding } from './finding.ts';

export interface ConfigurationFacts {
  /** How the configuration is named: its file, or `defaults`. */
  readonly fileName: string;
  readonly problems: readonly ConfigProblem[];
  readonly warnings: readonly ConfigProblem[];
}

/** What `twinreg check-config` says. */
export function checkConfiguration({ fileName, problems, warnings }: ConfigurationFacts): readonly Finding[] {
  const mend = `mend it and look again with: twinreg check-config -f ${fileName}`;
  const option = 'mend the option';
  return [
    ...problems.map((problem) =>
      error(formatProblems(fileName, [problem]), problem.key.startsWith('--') ? option : mend),
    ),
    ...warnings.map((problem) => warning(formatProblems(fileName, [problem]), mend)),
  ];
}
