import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { readConfigFile } from '../../lib/config/read-config-file.ts';

function reasonOf(path: string): string {
  const file = readConfigFile(path);
  return file.ok ? 'read' : file.problems.map(({ message }) => message).join('\n');
}

t.test('the text of a file is read as UTF-8', async (t) => {
  const path = join(t.testdir({ 'twinreg.yaml': '# für alle\n' }), 'twinreg.yaml');
  t.strictSame(readConfigFile(path), { ok: true, text: '# für alle\n' });
});

t.test('what is not a readable file is named, with the reason', async (t) => {
  const folder = t.testdir({ 'a.yaml': '', 'bytes.yaml': '' });
  writeFileSync(join(folder, 'bytes.yaml'), Uint8Array.of(0x61, 0xff));
  t.equal(reasonOf(join(folder, 'none.yaml')), `${folder}/none.yaml: there is no such file`);
  t.equal(reasonOf(folder), `${folder}: expected a file, found a folder`);
  t.equal(reasonOf(join(folder, 'a.yaml', 'b')), `${folder}/a.yaml/b: a part of its path is no folder`);
  t.equal(reasonOf(join(folder, 'bytes.yaml')), `${folder}/bytes.yaml: expected text in UTF-8`);
  t.match(reasonOf('a\0b'), /it cannot be read/);
});
