import t from 'tap';
import { takingOf, configChange } from '../../lib/config/reload-table.ts';
import type { Config } from '../../lib/config/config.ts';
import { configKeyNames } from '../../scripts/dev/config-reference.ts';
import { configOf } from './load.ts';

t.test('the table has every key of the file, and no other', async (t) => {
  for (const key of configKeyNames()) t.ok(takingOf(key), key);
  for (const key of ['--data', 'nonsense', 'usrloc', 'usrloc.nonsense', 'mi', ''])
    t.equal(takingOf(key), undefined, key);
});

t.test(
  'listeners, storage, management and the keys of the table need a restart; lifetimes and pings do not',
  async (t) => {
    const taken = configKeyNames().filter((key) => takingOf(key) === 'reload');
    for (const key of ['registrar.min_expires', 'nathelper.natping_interval', 'policy.setbflag', 'log.level'])
      t.ok(taken.includes(key), key);
    t.notOk(taken.some((key) => /^(listen|usrloc|sip|clusterer|mi)/.test(key)));
    for (const key of ['registrar.save', 'registrar.max_contacts', 'registrar.case_sensitive'])
      t.notOk(taken.includes(key), key);
  },
);

t.test(
  'a changed key is in force at once, or the old value holds and the key is named, as the table says',
  async (t) => {
    const before = configOf('{}');
    for (const key of configKeyNames().filter((name) => !name.startsWith('clusterer.'))) {
      const { changed, restart, next } = configChange(before, withValue(before, key));
      const isTaken = takingOf(key) === 'reload';
      t.strictSame([changed, restart], isTaken ? [[key], []] : [[], [key]]);
      t.equal(valueOf(next, key) === NEW, isTaken, key);
    }
    const { changed, restart } = configChange(before, { ...before, nodeId: 2, dataFolder: '/elsewhere' });
    t.strictSame([changed, restart], [[], ['--data', 'clusterer.my_node_id']]);
  },
);

/** No key has it. */
const NEW = 'a new value';

function withValue(config: Config, key: string): Config {
  const [section = '', name] = key.split('.');
  const values = Object.entries({ ...config }).map(([at, value]: [string, unknown]) => [
    at,
    at !== section ? value : name === undefined ? NEW : { ...(value as object), [name]: NEW },
  ]);
  return Object.fromEntries(values) as Config;
}

function valueOf(config: Config, key: string): unknown {
  return key.split('.').reduce((value: unknown, name) => (value as Record<string, unknown>)[name], config);
}
