import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';

/** Where keepalived finds it. */
export function handoverPath(dataFolder: string): string {
  return join(dataFolder, 'handover');
}

const MODE = 0o640;

const { O_CREAT, O_NONBLOCK, O_WRONLY } = constants;

/**
 * The file that keepalived tracks: `1` asks it to give the address away, `0` to do as it thinks. It is written over, never replaced: the one octet
 * has its place on the disk, so that a disk that is full meanwhile does not keep a `1` there.
 */
export class HandoverFile {
  readonly path: string;

  constructor(path: string) {
    this.path = path;
  }

  /** Resolves when keepalived can read it; it notices when the file is closed. Rejects with the system's error. */
  async write(isWanted: boolean): Promise<void> {
    const line = Buffer.from(isWanted ? '1\n' : '0\n');
    const file = await open(this.path, O_WRONLY | O_CREAT | O_NONBLOCK, MODE);
    try {
      await file.write(line, 0, line.length, 0);
      const { size } = await file.stat();
      if (size > line.length) await file.truncate(line.length);
    } finally {
      await file.close();
    }
  }
}
