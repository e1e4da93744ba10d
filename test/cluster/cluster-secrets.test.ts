import t from 'tap';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readClusterSecrets } from '../../lib/cluster/cluster-secrets.ts';
import { tempFolder } from '../support/temp-folder.ts';

const SECRET = '0123456789abcdef';

t.test('secrets come from the configuration, from a file with a line each, or from nowhere', async (t) => {
  const path = join(tempFolder(t), 'secret');
  const read = (text: string) => {
    writeFileSync(path, text);
    return readClusterSecrets({ kind: 'file', path });
  };
  t.strictSame(await readClusterSecrets({ kind: 'none' }), []);
  t.strictSame(await readClusterSecrets({ kind: 'texts', texts: [SECRET] }), [SECRET]);
  t.strictSame(await read(SECRET), [SECRET]);
  t.strictSame(await read(`${SECRET}\n`), [SECRET]);
  t.strictSame(await read(`\r\n ${SECRET}-new \r\n${SECRET}\r\n\r\n`), [`${SECRET}-new`, SECRET], 'the first signs');
});

t.test('a file without a secret is refused by name, and what is in it is not shown', async (t) => {
  const path = join(tempFolder(t), 'secret');
  for (const text of [
    '',
    '\n',
    'hunter2',
    `${SECRET}\nhunter2`,
    `${SECRET} x`,
    `${SECRET}\n`.repeat(3),
    'ü'.repeat(20),
  ]) {
    writeFileSync(path, text);
    const refused = readClusterSecrets({ kind: 'file', path });
    await t.rejects(refused, {
      name: 'OperationalError',
      message:
        text.trim() === ''
          ? `clusterer.secret_file: ${path} is empty`
          : `clusterer.secret_file: expected in ${path} one line`,
    });
    await refused.catch((err: Error) => t.notMatch(err.message, 'hunter2'));
  }
  await t.rejects(readClusterSecrets({ kind: 'file', path: '/nowhere' }), {
    name: 'OperationalError',
    message: 'clusterer.secret_file: /nowhere does not exist',
  });
});
