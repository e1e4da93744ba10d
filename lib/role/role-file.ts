import { open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { RoleName } from './role-name.ts';
import { readWrittenLine } from './written-line.ts';

export type StoredRole =
  | {
      readonly kind: 'role';
      readonly role: RoleName;
      /** Cluster time at which the role was taken; undefined when the file does not say. */
      readonly takenAtMs: number | undefined;
      /** When the file was written, by the wall clock. */
      readonly writtenAtMs: number;
    }
  | { readonly kind: 'missing' }
  /** `content`: what stands there instead, shortened; `reason`: why it could not be read. */
  | { readonly kind: 'unknown'; readonly content: string }
  | { readonly kind: 'unreadable'; readonly reason: string };

/** Milliseconds of as many digits are exact. */
const ROLE_LINE = /^(?:passive|active(?: (?<takenAtMs>\d{1,15}))?)\n?$/;

const MODE = 0o640;

/**
 * The file that keeps the role over restarts: one line, `passive`, or `active` and the cluster time in milliseconds at which
 * the role was taken: `active 1732650000000`. A notify script may write it while the daemon is down, without a time; like the
 * daemon it should write another file and rename it.
 */
export class RoleFile {
  readonly path: string;
  readonly #newPath: string;

  constructor(path: string) {
    this.path = path;
    this.#newPath = `${path}.new`;
  }

  async read(): Promise<StoredRole> {
    try {
      const { content, writtenAtMs } = await readWrittenLine(this.path);
      const line = ROLE_LINE.exec(content);
      if (line === null) return { kind: 'unknown', content };
      const takenAt = line.groups?.['takenAtMs'];
      const takenAtMs = takenAt === undefined ? undefined : Number(takenAt);
      return { kind: 'role', role: content.startsWith('active') ? 'active' : 'passive', takenAtMs, writtenAtMs };
    } catch (err) {
      if (err instanceof Error && 'code' in err && err.code === 'ENOENT') return { kind: 'missing' };
      return { kind: 'unreadable', reason: err instanceof Error ? err.message : String(err) };
    }
  }

  /**
   * Resolves when the file holds the role and would after a loss of power; rejects with the system's error. Whenever
   * the process ends in between, the file holds either this role or the one before.
   *
   * @param takenAtMs undefined = passive
   */
  async write(takenAtMs: number | undefined): Promise<void> {
    await this.#writeNew(takenAtMs);
    await this.#putInPlace();
  }

  /**
   * As `write`, but only over a file that says `active` too. A notify script that has just written `passive` is about to tell
   * the daemon: what nobody ordered must not undo that.
   */
  async renew(takenAtMs: number): Promise<void> {
    await this.#writeNew(takenAtMs);
    const found = await this.read();
    if (found.kind === 'role' && found.role === 'active') await this.#putInPlace();
    else await rm(this.#newPath, { force: true });
  }

  async #writeNew(takenAtMs: number | undefined): Promise<void> {
    const file = await open(this.#newPath, 'w', MODE);
    try {
      await file.writeFile(takenAtMs === undefined ? 'passive\n' : `active ${String(takenAtMs)}\n`);
      await file.sync();
    } finally {
      await file.close();
    }
  }

  async #putInPlace(): Promise<void> {
    await rename(this.#newPath, this.path);
    const folder = await open(dirname(this.path), 'r');
    try {
      await folder.sync();
    } finally {
      await folder.close();
    }
  }
}
