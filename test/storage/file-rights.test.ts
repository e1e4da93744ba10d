import t from 'tap';
import { chmodSync, chownSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openDatabaseFile } from '../../lib/storage/database-file.ts';
import { asNobody } from '../support/as-nobody.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { MIGRATIONS } from './support/open-store.ts';

const PID = 77;
const NOBODY = 65_534;

const rightsOf = (path: string) => (statSync(path).mode & 0o777).toString(8);

/** What an administrator's shell has. */
t.before(() => void process.umask(0o022));

t.test('whoever makes the files, their rights are those that the daemon gives', (t) => {
  const path = join(tempFolder(t), 'x.db');
  const file = openDatabaseFile(path, MIGRATIONS, PID);
  for (const name of [path, `${path}-wal`, `${path}-shm`, `${path}.lock`]) t.equal(rightsOf(name), '640', name);
  file.close();
  t.end();
});

t.test('what others may do with files that are there is taken from them, and nothing is given', (t) => {
  const path = join(tempFolder(t), 'x.db');
  writeFileSync(path, '');
  chmodSync(path, 0o666);
  openDatabaseFile(path, MIGRATIONS, PID).close();
  t.equal(rightsOf(path), '640', 'an empty one that the shell left behind');
  chmodSync(path, 0o664);
  chmodSync(`${path}.lock`, 0o644);
  openDatabaseFile(path, MIGRATIONS, PID).close();
  t.equal(rightsOf(path), '640');
  t.equal(rightsOf(`${path}.lock`), '640');
  chmodSync(path, 0o600);
  openDatabaseFile(path, MIGRATIONS, PID).close();
  t.equal(rightsOf(path), '600', 'a stricter one stays as it is');
  t.end();
});

t.test(
  "a file that is somebody else's is refused with whose it is and what to do",
  { skip: asNobody.skip },
  async (t) => {
    const folder = tempFolder(t);
    chownSync(folder, NOBODY, NOBODY);
    const path = join(folder, 'x.db');
    const refusal = () =>
      asNobody.run(async () => {
        try {
          openDatabaseFile(path, MIGRATIONS, PID).close();
          return 'not refused';
        } catch (err) {
          return err instanceof Error ? `${err.name}: ${err.message}` : '';
        }
      });
    writeFileSync(path, '');
    const empty = `${path} belongs to root, and this is nobody: give it to the daemon's user (chown), or remove it, since it is empty`;
    t.match(await refusal(), new RegExp(`^OperationalError: db_url: ${path} cannot be written \\(read-only\\) .*; `));
    t.ok((await refusal()).endsWith(`; ${empty}`));
    chmodSync(path, 0o600);
    t.ok((await refusal()).endsWith(`; ${empty}`), 'also where it cannot even be read');
    chownSync(path, NOBODY, NOBODY);
    t.equal(await refusal(), 'not refused');
    chownSync(`${path}.lock`, 0, 0);
    t.match(
      await refusal(),
      `; ${path}.lock belongs to root, and this is nobody: give it to the daemon's user (chown)`,
    );
  },
);
