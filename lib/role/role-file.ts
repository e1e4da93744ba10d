import { constants } from 'node:fs';
import { open, rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { RoleName } from './role-name.ts';

export type StoredRole =
  | { readonly kind: 'role'; readonly role: RoleName }
  | { readonly kind: 'missing' }
  /** `content`: what stands there instead, shortened; `reason`: why it could not be read. */
  | { readonly kind: 'unknown'; readonly content: string }
  | { readonly kind: 'unreadable'; readonly reason: string };

/** The longest line that means something is `passive` and a line end; of anything longer so much is shown. */
const READ_BYTES_MAX = 64;

const MODE = 0o640;

/**
 * The file that keeps the role over restarts: one line, `active` or `passive`. A notify script may write it while the
 * daemon is down; like the daemon it should write another file and rename it.
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
      const content = await this.#content();
      const line = content.endsWith('\n') ? content.slice(0, -1) : content;
      return line === 'active' || line === 'passive' ? { kind: 'role', role: line } : { kind: 'unknown', content };
    } catch (err) {
      if (err instanceof Error && 'code' in err && err.code === 'ENOENT') return { kind: 'missing' };
      return { kind: 'unreadable', reason: err instanceof Error ? err.message : String(err) };
    }
  }

  /**
   * Resolves when the file holds the role and would after a loss of power; rejects with the system's error. Whenever
   * the process ends in between, the file holds either this role or the one before.
   */
  async write(role: RoleName): Promise<void> {
    const file = await open(this.#newPath, 'w', MODE);
    try {
      await file.writeFile(`${role}\n`);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(this.#newPath, this.path);
    const folder = await open(dirname(this.path), 'r');
    try {
      await folder.sync();
    } finally {
      await folder.close();
    }
  }

  /** Opened so that a FIFO in its place cannot hold up the start. */
  async #content(): Promise<string> {
    const file = await open(this.path, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      const { bytesRead, buffer } = await file.read(Buffer.alloc(READ_BYTES_MAX), 0, READ_BYTES_MAX, null);
      return buffer.toString('latin1', 0, bytesRead);
    } finally {
      await file.close();
    }
  }
}
