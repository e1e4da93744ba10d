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
    for (const key of configKeyNames()) {
      const { changed, restart, next } = configChange(before, withValue(before, key));
      const isTaken = takingOf(key) === 'reload';
      t.strictSame([changed, restart], isTaken ? [[key], []] : [[], [key]]);
      t.equal(valueOf(next, key) === NEW, isTaken, key);
    }
    const { changed, restart } = configChange(before, { ...before, dataFolder: '/elsewhere' });
    t.strictSame([changed, restart], [[], ['--data']]);
  },
);

t.test('what the cluster is made of needs a restart, each key by its name', async (t) => {
  const node = (listen: string, clusterer: string) => `
listen: [sip:10.0.0.150, ${listen}]
usrloc: {working_mode_preset: full-sharing-cluster, location_cluster: 1}
clusterer: {${clusterer}}
`;
  const secret = 'secret: 0123456789abcdef';
  const before = configOf(node('bin:10.0.0.177', `my_node_id: 1, ${secret}`));
  const changes = (listen: string, clusterer: string) => {
    const { changed, restart, next } = configChange(before, configOf(node(listen, clusterer)));
    t.strictSame(changed, []);
    t.strictSame(next, before);
    return restart;
  };
  t.strictSame(changes('bin:10.0.0.177', `my_node_id: 1, ${secret}`), []);
  t.strictSame(changes('bin:10.0.0.179', `my_node_id: 1, ${secret}`), ['listen']);
  t.strictSame(changes('bin:10.0.0.177', `my_node_id: 2, ${secret}1, ping_interval: 5`), [
    'clusterer.my_node_id',
    'clusterer.ping_interval',
    'clusterer.secret',
  ]);
  const alone = configChange(configOf(''), before);
  t.equal(alone.next.cluster, undefined, 'a cluster begins with a restart');
  t.strictSame(alone.changed, []);
});

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
