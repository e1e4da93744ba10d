import t from 'tap';
import { chmodSync, readdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { configuredTwinUrl } from '../../lib/doctor/twin-url.ts';
import { carryOut } from '../../lib/storage/clusterer-file.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { config, pairConfig, TWIN } from './support/healthy.ts';

const migrationsPath = resolve(import.meta.dirname, '../../sql');

/** A node whose nodes stand in the table of this file. */
function tableConfig(path: string) {
  const own = pairConfig();
  if (own.cluster === undefined) throw new Error('it is one of a pair');
  return { ...own, clustererPath: path, cluster: { ...own.cluster, nodes: { kind: 'table' } as const } };
}

t.test('the configuration names it, or there is none', async (t) => {
  t.equal(await configuredTwinUrl(pairConfig()), `bin:${TWIN}`);
  t.equal(await configuredTwinUrl(config('')), undefined);
});

t.test('the table names it, and nothing is made beside its file', async (t) => {
  const folder = tempFolder(t);
  const path = join(folder, 'location.db');
  for (const [nodeId, url] of [
    [1, 'bin:10.0.0.177'],
    [2, 'bin:10.0.0.178'],
  ] as const) {
    const row = { clusterId: 1, nodeId, url, noPingRetries: 3, flags: undefined, description: undefined };
    carryOut({ type: 'add', path, migrationsPath, pid: 0, row });
  }
  const before = readdirSync(folder);
  t.equal(await configuredTwinUrl(tableConfig(path)), 'bin:10.0.0.178');
  t.strictSame(readdirSync(folder), before);
});

t.test('a file that is missing, is no database, or may not be read names nobody', async (t) => {
  const path = join(tempFolder(t), 'location.db');
  t.equal(await configuredTwinUrl(tableConfig(path)), undefined);
  writeFileSync(path, 'no database\n'.repeat(100));
  t.equal(await configuredTwinUrl(tableConfig(path)), undefined);
  chmodSync(path, 0);
  t.equal(await configuredTwinUrl(tableConfig(path)), undefined);
});
