/**
 * The environment for a process under test: the runner's own, without what tap puts there for its children. TAP
 * variables would change how these behave. tap puts NODE_OPTIONS back at the very spawn, whatever `env` says: see
 * daemonCommand.
 */
export function daemonEnv(overrides: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv {
  const inherited = Object.entries(process.env).filter(([name]) => name !== 'NODE_OPTIONS' && !/^_?TAP/.test(name));
  return { ...Object.fromEntries(inherited), ...overrides };
}

/**
 * The command that starts this program without NODE_OPTIONS, with which a Node would load tap's loaders first:
 * `spawn(...daemonCommand(process.execPath, script), { env: daemonEnv() })`. The process id is the program's own.
 * scripts/twinreg clears NODE_OPTIONS itself and needs none of this.
 */
export function daemonCommand(program: string, ...args: readonly string[]): [program: string, args: string[]] {
  return ['/bin/sh', ['-c', 'unset NODE_OPTIONS; exec "$@"', 'sh', program, ...args]];
}
