import t from 'tap';
import { execFileSync } from 'node:child_process';
import { symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { lookAt, mayDo, readText } from '../../lib/doctor/read-path.ts';
import { tempFolder } from '../support/temp-folder.ts';

t.test('text up to a limit, and what else may stand at a path', async (t) => {
  const folder = tempFolder(t);
  const path = join(folder, 'file');
  writeFileSync(path, 'twelve bytes', { mode: 0o640 });
  t.match(await readText(path, 12), { kind: 'text', text: 'twelve bytes', facts: { kind: 'file', mode: 0o640 } });
  t.match(await readText(path, 11), { kind: 'unusable', reason: /more than 11 bytes/ });
  writeFileSync(path, 'a\0b');
  t.match(await readText(path, 12), { kind: 'unusable', reason: 'it is no text' });
  t.match(await readText(path, 12, 'octets'), { kind: 'text', text: 'a\0b' });
  execFileSync('mkfifo', [join(folder, 'fifo')]);
  symlinkSync('fifo', join(folder, 'link'));
  symlinkSync('loop', join(folder, 'loop'));
  t.match(await readText(join(folder, 'fifo'), 12), { kind: 'unusable', reason: 'it is a FIFO, no file' });
  t.match(await readText(join(folder, 'link'), 12), { kind: 'unusable', reason: 'it is a FIFO, no file' });
  t.match(await readText('/dev/zero', 12), { kind: 'unusable', reason: 'it is a device, no file' });
  t.match(await readText(folder, 12), { kind: 'unusable', reason: 'it is a folder, no file' });
  t.match(await readText(join(folder, 'loop'), 12), { kind: 'unreadable', reason: 'ELOOP' });
  t.match(await readText(join(path, 'below'), 12), { kind: 'missing' });
  t.match(await readText('/proc/self/limits', 8192), { kind: 'text', text: /Max open files/ });
  t.match(await lookAt(join(folder, 'link'), true), { kind: 'symbolic link' });
});

t.test('rights are those of the user, else of the group, else of others', async (t) => {
  const facts = { kind: 'file', uid: 5, gid: 6, mode: 0o461 } as const;
  t.equal(mayDo(facts, 5, 6, 4), true);
  t.equal(mayDo(facts, 5, 6, 2), false, 'the user is not helped by the group');
  t.equal(mayDo(facts, 9, 6, 6), true);
  t.equal(mayDo(facts, 9, 9, 1), true);
  t.equal(mayDo(facts, 9, 9, 4), false);
  t.equal(mayDo(facts, 0, 0, 7), true);
});
