import t from 'tap';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { allRead, FileFaults, readNamedFile, readSecretFile } from '../../lib/core/named-file.ts';
import { asNobody } from '../support/as-nobody.ts';
import { tempFolder } from '../support/temp-folder.ts';

const KEY = 'clusterer.secret_file';
const SECRET = '0123456789abcdef';

t.test('a file that is missing, empty or none is said to be so, by its setting', async (t) => {
  const folder = tempFolder(t);
  const path = join(folder, 'secret');
  await t.rejects(readNamedFile(KEY, path), { name: 'OperationalError', message: `${KEY}: ${path} does not exist` });
  writeFileSync(path, ' \n');
  await t.rejects(readNamedFile(KEY, path), { message: `${KEY}: ${path} is empty` });
  await t.rejects(readNamedFile(KEY, folder), { message: /^clusterer\.secret_file: .* cannot be read: EISDIR/ });
  writeFileSync(path, 'text\n');
  t.equal(await readNamedFile(KEY, path), 'text\n');
});

t.test('one that only this user may not read is told apart', { skip: asNobody.skip }, async (t) => {
  const path = join(tempFolder(t), 'secret');
  writeFileSync(path, SECRET, { mode: 0o600 });
  const err = await asNobody.run(() => readNamedFile(KEY, path).catch((cause: unknown) => cause));
  t.match(err, { faults: [{ key: KEY, isForbidden: true, message: /cannot be read by this user/ }] });
  const missing = await readNamedFile(KEY, `${path}2`).catch((cause: unknown) => cause);
  t.match(missing, { faults: [{ isForbidden: false }] });
});

t.test('of secrets there are as many as may be, each hard to guess', async (t) => {
  const path = join(tempFolder(t), 'secret');
  const read = (text: string, most: 1 | 2) => {
    writeFileSync(path, text);
    return readSecretFile(KEY, path, most);
  };
  t.same(await read(`${SECRET}\n`, 1), [SECRET]);
  t.same(await read(`${SECRET}\n${SECRET}2\n`, 2), [SECRET, `${SECRET}2`]);
  await t.rejects(read(`${SECRET}\n${SECRET}2\n`, 1), { message: /expected in .* one line of at least 16 visible/ });
  await t.rejects(read('short', 2), {
    message: /expected in .* one line, or two, of at least 16 .* each, as `openssl/,
  });
});

t.test('all faults are said at once', async (t) => {
  const reads = ['/nowhere/a', '/nowhere/b'].map((path) => readNamedFile(KEY, path));
  const err = await allRead([...reads, Promise.resolve('text')]).catch((cause: unknown) => cause);
  t.ok(err instanceof FileFaults);
  t.match(err, { message: `${KEY}: /nowhere/a does not exist\n${KEY}: /nowhere/b does not exist` });
  t.same(await allRead([Promise.resolve(1), Promise.resolve(2)]), [1, 2]);
  await t.rejects(allRead([Promise.reject(new Error('a defect'))]), { message: 'a defect' });
});
