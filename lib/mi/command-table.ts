import { invariant } from '../core/errors.ts';
import type { MiCommand } from './mi-command.ts';

/** All commands of the management interface, in the order in which `which` lists them. */
export class CommandTable {
  readonly #commands = new Map<string, MiCommand>();
  readonly #byAlias = new Map<string, MiCommand>();

  constructor(commands: readonly MiCommand[]) {
    for (const command of commands) this.add(command);
  }

  add(command: MiCommand): void {
    const { name, alias } = command;
    invariant(this.find(name) === undefined, `MI command ${name} is there twice`);
    this.#commands.set(name, command);
    if (alias === undefined) return;
    invariant(this.find(alias) === undefined, `MI command ${alias} is there twice`);
    this.#byAlias.set(alias, command);
  }

  /** @param name also an alias. */
  find(name: string): MiCommand | undefined {
    return this.#commands.get(name) ?? this.#byAlias.get(name);
  }

  /** Each once, under the name that all versions since 2.4 know. */
  all(): Iterable<MiCommand> {
    return this.#commands.values();
  }
}
