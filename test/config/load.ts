import type { Config } from '../../lib/config/config.ts';
import type { Surroundings } from '../../lib/config/data-folder.ts';
import { loadConfig } from '../../lib/config/load-config.ts';
import type { ConfigSource, LoadedConfig } from '../../lib/config/load-config.ts';
import { formatProblems } from '../../lib/config/problem.ts';

export const SURROUNDINGS: Surroundings = {
  cwd: '/srv',
  home: '/home/user',
  xdgStateHome: undefined,
  isRoot: false,
};

/** A source with defaults: a user with a home folder, no options. */
export function source(text: string | undefined, options: Partial<ConfigSource> = {}): ConfigSource {
  return { text, listen: [], data: undefined, surroundings: SURROUNDINGS, ...options };
}

/** What an operator would read, a line each; empty when the configuration is good. */
export function problemsOf(text: string, options: Partial<ConfigSource> = {}): readonly string[] {
  return shown(loadConfig(source(text, options)));
}

function shown(loaded: LoadedConfig): readonly string[] {
  return loaded.ok ? [] : formatProblems('t.yaml', loaded.problems).split('\n');
}

export function warningsOf(text: string): readonly string[] {
  const loaded = loadConfig(source(text));
  if (!loaded.ok) throw new Error(shown(loaded).join('\n'));
  return loaded.warnings.length === 0 ? [] : formatProblems('t.yaml', loaded.warnings).split('\n');
}

/** The configuration in force; fails with the problems when there are any. */
export function configOf(text: string | undefined, options: Partial<ConfigSource> = {}): Config {
  const loaded = loadConfig(source(text, options));
  if (!loaded.ok) throw new Error(shown(loaded).join('\n'));
  return loaded.config;
}
