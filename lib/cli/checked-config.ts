import type { Config } from '../config/config.ts';
import { formatProblems, type ConfigProblem } from '../config/problem.ts';
import type { LoadedConfig } from '../config/load-config.ts';
import type { ConfigOptions } from './cli-command.ts';
import { ConfigError } from './config-error.ts';

export interface CheckedConfig {
  readonly config: Config;
  readonly warnings: readonly ConfigProblem[];
}

/** The configuration in force. Throws a ConfigError with everything that is wrong with it. */
export function checkedConfig(loaded: LoadedConfig, options: ConfigOptions): CheckedConfig {
  if (!loaded.ok) throw new ConfigError(formatProblems(fileName(options), loaded.problems));
  return loaded;
}

/** How the configuration is named where its problems are shown. */
export function fileName({ configFile }: ConfigOptions): string {
  return configFile ?? 'defaults';
}
