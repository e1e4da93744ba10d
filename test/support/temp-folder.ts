import type { Test } from 'tap';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A new folder below the system's, gone with the test. Its path is short enough for a unix socket, as tap's are not. */
export function tempFolder(t: Test): string {
  const folder = mkdtempSync(join(tmpdir(), 'twinreg-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}
