import t from 'tap';
import { parseDatabaseUrl } from '../../lib/config/database-url.ts';

function pathOf(text: string): string {
  const parsed = parseDatabaseUrl(text);
  return parsed.ok ? parsed.value : `refused: ${parsed.message}`;
}

t.test('any number of slashes after sqlite: begins the same absolute path, as in db_sqlite', async (t) => {
  for (const slashes of ['/', '///', '////']) t.equal(pathOf(`sqlite:${slashes}var/lib/x.db`), '/var/lib/x.db');
  t.equal(pathOf('SQLite:///var/lib/x.db'), '/var/lib/x.db');
});

t.test('a path without a scheme, and one that does not begin with a slash, are taken as they are', async (t) => {
  t.equal(pathOf('sqlite:location.db'), 'location.db');
  t.equal(pathOf('location.db'), 'location.db');
  t.equal(pathOf('/var/lib/x.db'), '/var/lib/x.db');
  t.equal(pathOf('./a/b.db'), './a/b.db');
});

t.test('database servers are refused by name, with what to write instead', async (t) => {
  for (const scheme of ['mysql', 'postgres', 'postgresql', 'text', 'cassandra', 'mongodb', 'http']) {
    t.equal(
      pathOf(`${scheme}://user:pw@localhost/opensips`),
      `refused: ${scheme} databases are not supported; write sqlite:///var/lib/twinreg/location.db, or leave db_url out`,
    );
  }
});

t.test('two slashes are ambiguous, and both meanings are offered', async (t) => {
  t.equal(
    pathOf('sqlite://data/x.db'),
    'refused: two slashes would name a server; write sqlite:///data/x.db (absolute) or sqlite:data/x.db (below the data folder)',
  );
});

t.test('a database in memory is what a preset is for', async (t) => {
  t.equal(
    pathOf('sqlite::memory:'),
    'refused: for a table in memory only write working_mode_preset: single-instance-no-db',
  );
});

t.test('a file has to be named', async (t) => {
  for (const text of ['', 'sqlite:', 'sqlite:/', 'sqlite:///', 'sqlite:///var/lib/', 'a\0b']) {
    t.match(
      pathOf(text),
      /^refused: no file is named; expected sqlite:\/\/\/ABSOLUTE\/PATH or \/ABSOLUTE\/PATH/,
      JSON.stringify(text),
    );
  }
});
