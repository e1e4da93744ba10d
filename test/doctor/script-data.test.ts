import t from 'tap';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { checkScriptData, readScriptDataFacts } from '../../lib/doctor/script-data.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { said } from './support/said.ts';

const check = (dataFolder: string | undefined, found: string | undefined) =>
  said(checkScriptData({ dataFolder, found }));

t.test('the scripts write where the daemon reads', async (t) => {
  t.strictSame(check('/var/lib/twinreg', 'unset'), []);
  t.strictSame(check('/var/lib/twinreg', undefined), []);
  t.strictSame(check('/srv/twinreg', '/srv/twinreg/'), []);
  t.strictSame(check(undefined, '/srv'), []);
});

t.test('another folder than the daemon has', async (t) => {
  t.match(check('/srv/twinreg', 'unset'), [
    /^error: TWINREG_DATA is not set .* \/var\/lib\/twinreg, .* \/srv\/twinreg$/,
  ]);
  t.match(check('/var/lib/twinreg', '/srv/twinreg'), [/^error: TWINREG_DATA is \/srv\/twinreg: /]);
  t.match(check('/srv/twinreg', undefined), [/^unchecked: TWINREG_DATA/]);
});

t.test('the keepalived that runs says it, else the file of its unit', async (t) => {
  const defaults = join(tempFolder(t), 'keepalived');
  const read = async (...running: Parameters<typeof readScriptDataFacts>[1]) =>
    (await readScriptDataFacts('/data', running, defaults)).found;
  t.equal(await read(), 'unset');
  writeFileSync(defaults, '# TWINREG_DATA=/a\nTWINREG_DATA="/srv/b"\n');
  t.equal(await read(), '/srv/b');
  const process = { pid: 7, configPath: '/k', configId: undefined, isStopped: false, scriptData: '/c' };
  t.equal(await read(process), '/c');
});
