import { invariant } from '../core/errors.ts';
import type { MiCommand } from './mi-command.ts';

/** All commands of the management interface, in the order in which `which` lists them. */
export class CommandTable {
  readonly #commands = new Map<string, MiCommand>();

  constructor(commands: readonly MiCommand[]) {
    for (const command of commands) this.add(command);
  }

  add(command: MiCommand): void {
    invariant(!this.#commands.has(command.name), `MI command ${command.name} is there twice`);
    this.#commands.set(command.name, command);
  }

  find(name: string): MiCommand | undefined {
    return this.#commands.get(name);
  }

  all(): Iterable<MiCommand> {
    return this.#commands.values();
  }
}
