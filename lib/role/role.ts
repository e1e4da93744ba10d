import { OperationalError } from '../core/errors.ts';
import type { Log } from '../core/log.ts';
import { RoleFile, type StoredRole } from './role-file.ts';
import { RoleMachine } from './role-machine.ts';
import type { RoleName } from './role-name.ts';

interface RoleSettings {
  /** The role file. */
  readonly path: string;
  /** The flag while no file says otherwise. A node of its own is active. */
  readonly atFirst: RoleName;
}

/** Hears of each change of the role, in order, right when it happens; must not throw. */
type RoleListener = (to: RoleName, from: RoleName) => void;

/**
 * The role of this node: the machine, its file, and those who follow it. It is the pinger's gate, and what
 * `nh_enable_ping` sets.
 */
export class Role {
  readonly #machine: RoleMachine;
  readonly #file: RoleFile;
  readonly #atFirst: RoleName;
  readonly #log: Log;
  readonly #listeners: RoleListener[] = [];
  /** Settles when the file has been written as was asked for last. */
  #lastWrite: Promise<unknown> = Promise.resolve();
  /** The write that has not begun yet: orders that come until then share it, and it stores the last of them. */
  #nextWrite: Promise<void> | undefined;

  private constructor(flag: RoleName, file: RoleFile, atFirst: RoleName, log: Log) {
    this.#machine = new RoleMachine(flag);
    this.#file = file;
    this.#atFirst = atFirst;
    this.#log = log;
  }

  /** Takes the role over from the file. One that says nothing usable is warned about and left as it is until the role is set. */
  static async open({ path, atFirst }: RoleSettings, log: Log): Promise<Role> {
    const file = new RoleFile(path);
    const found = await file.read();
    if (found.kind === 'role') {
      log.info({ role: found.role, path }, 'role as the role file says');
      return new Role(found.role, file, atFirst, log);
    }
    if (found.kind === 'missing') log.info({ role: atFirst, path }, 'role at the first start');
    else
      log.warn(
        { role: atFirst, path, ...complaint(found) },
        'the role file says nothing usable: left as it is until the role is set',
      );
    return new Role(atFirst, file, atFirst, log);
  }

  get name(): RoleName {
    return this.#machine.role;
  }

  /** Whether this node pings and judges now. */
  get isOpen(): boolean {
    return this.name === 'active';
  }

  /** The flag of `nh_enable_ping`. */
  get isOn(): boolean {
    return this.name === 'active';
  }

  /** Hears of changes from now on. */
  addListener(listener: RoleListener): void {
    this.#listeners.push(listener);
  }

  /**
   * Sets the flag, at once. Resolves when the role file holds it, or what was set after it; when the file cannot be written, rejects with an
   * OperationalError that says what a restart would bring, and the flag stays set: who called has moved the address
   * already, and two nodes that ping are worse than one that forgets.
   */
  turn(isOn: boolean, reason = 'nh_enable_ping'): Promise<void> {
    let stored = Promise.resolve();
    for (const effect of this.#machine.step(isOn ? 'active' : 'passive')) {
      if (effect.kind === 'store') stored = this.#store();
      else this.#changed(effect.from, effect.to, reason);
    }
    return stored;
  }

  #changed(from: RoleName, to: RoleName, reason: string): void {
    this.#log.info({ from, to, reason }, 'role changed');
    for (const listener of this.#listeners) listener(to, from);
  }

  #store(): Promise<void> {
    if (this.#nextWrite !== undefined) return this.#nextWrite;
    const next = this.#lastWrite.then(() => {
      this.#nextWrite = undefined;
      return this.#write(this.name);
    });
    this.#nextWrite = next;
    this.#lastWrite = next.catch(() => undefined);
    return next;
  }

  async #write(flag: RoleName): Promise<void> {
    try {
      await this.#file.write(flag);
    } catch (err) {
      const found = await this.#file.read();
      const next = found.kind === 'role' ? found.role : this.#atFirst;
      const { path } = this.#file;
      this.#log.warn({ err, path, flag, next }, 'the role file cannot be written');
      const reason = err instanceof Error ? err.message : String(err);
      throw new OperationalError(
        `this node is ${flag} now, but the role file ${path} cannot be written (${reason}); after a restart it would be ${next}`,
        { cause: err },
      );
    }
  }
}

function complaint(found: Extract<StoredRole, { kind: 'unknown' | 'unreadable' }>): object {
  const expected = 'one line: active or passive';
  return found.kind === 'unknown' ? { content: found.content, expected } : { reason: found.reason, expected };
}
