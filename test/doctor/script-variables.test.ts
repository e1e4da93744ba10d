import t from 'tap';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { checkScriptVariables, readScriptVariablesFacts } from '../../lib/doctor/script-variables.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { config } from './support/healthy.ts';
import { said } from './support/said.ts';

/** @param found TWINREG_DATA: `unset`, or undefined where nothing can be seen */
const check = (dataFolder: string | undefined, found: string | undefined) =>
  said(checkScriptVariables({ dataFolder, mi: undefined, variables: variables('TWINREG_DATA', found) }));

function variables(name: string, found: string | undefined): ReadonlyMap<string, string> | undefined {
  if (found === undefined) return undefined;
  return new Map(found === 'unset' ? [] : [[name, found]]);
}

t.test('the scripts write where the daemon reads', async (t) => {
  t.strictSame(check('/var/lib/twinreg', 'unset'), []);
  t.strictSame(check('/var/lib/twinreg', ''), []);
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

/** The findings for a TWINREG_MI and a value of `mi.http`. */
async function checkUrl(http: string | undefined, url: string | undefined) {
  const own = config(http === undefined ? '' : `mi: {http: "${http}", http_token: ${'x'.repeat(40)}}`);
  const facts = await readScriptVariablesFacts({ dataFolder: undefined, config: own }, []);
  const mi = facts.mi && ({ ...facts.mi, token: 'none' } as const);
  return checkScriptVariables({ ...facts, mi, variables: variables('TWINREG_MI', url) });
}

t.test('the scripts ask where the daemon answers', async (t) => {
  for (const [http, found] of [
    [undefined, 'unset'],
    [undefined, ''],
    [undefined, undefined],
    ['127.0.0.1:8888', undefined],
    ['127.0.0.1:9999', 'http://127.0.0.1:9999/mi'],
    ['127.0.0.1:9999', 'http://localhost:9999/mi'],
    ['127.0.0.1:9999', '127.0.0.1:9999/mi'],
    ['127.0.0.1:9999', 'http://node-a:9999/mi'],
    ['127.0.0.1:80', 'http://127.0.0.1/mi'],
    ['[::1]:8888', 'http://[0:0:0:0:0:0:0:1]:8888/mi'],
    ['0.0.0.0:8888', 'unset'],
    ['0.0.0.0:8888', 'http://10.0.0.177:8888/mi'],
  ] as const) {
    t.strictSame(said(await checkUrl(http, found)), [], `${http ?? 'mi.http unset'}, TWINREG_MI ${found ?? 'unseen'}`);
  }
});

t.test('another place than the daemon answers at', async (t) => {
  const [unset] = await checkUrl('127.0.0.1:9999', 'unset');
  t.match(unset, {
    level: 'error',
    found:
      /^TWINREG_MI is not set .*: check.sh and notify.sh ask at http:\/\/127.0.0.1:8888\/mi, and mi.http is 127.0.0.1:9999/,
    remedy: /^write TWINREG_MI=http:\/\/127.0.0.1:9999\/mi into \/etc\/default\/keepalived, and restart keepalived$/,
  });
  for (const [http, found] of [
    [undefined, 'http://127.0.0.1:9999/mi'],
    [undefined, 'http://127.0.0.2:8888/mi'],
    [undefined, 'https://127.0.0.1:8888/mi'],
    [undefined, 'http://127.0.0.1/mi'],
    [undefined, 'http://:8888'],
    ['10.0.0.177:8888', 'http://localhost:8888/mi'],
    ['[::1]:8888', 'unset'],
  ] as const) {
    t.match(said(await checkUrl(http, found)), [/^error: TWINREG_MI is /], `${http ?? 'unset'}, ${found}`);
  }
  const [everywhere] = await checkUrl('[::]:9999', 'unset');
  t.match(everywhere?.remedy, /TWINREG_MI=http:\/\/\[::1\]:9999\/mi /);
  t.match(said(await checkUrl('127.0.0.1:9999', undefined)), [/^unchecked: TWINREG_MI/]);
});

t.test('a daemon without management over HTTP is out of reach, whatever the scripts ask', async (t) => {
  for (const found of ['unset', 'http://127.0.0.1:8888/mi', undefined]) {
    t.match(said(await checkUrl('off', found)), [/^error: mi.http is off: check.sh and notify.sh cannot reach/]);
  }
});

t.test('the keepalived that runs says it, else the file of its unit', async (t) => {
  const defaults = join(tempFolder(t), 'keepalived');
  const read = async (...running: Parameters<typeof readScriptVariablesFacts>[1]) =>
    (await readScriptVariablesFacts({ dataFolder: '/data', config: undefined }, running, defaults)).variables;
  t.strictSame(await read(), new Map());
  writeFileSync(defaults, '# TWINREG_DATA=/a\nTWINREG_DATA="/srv/b"\n TWINREG_MI=http://127.0.0.1:1/mi\n');
  t.strictSame(
    await read(),
    new Map([
      ['TWINREG_DATA', '/srv/b'],
      ['TWINREG_MI', 'http://127.0.0.1:1/mi'],
    ]),
  );
  const own = new Map([['TWINREG_DATA', '/c']]);
  const process = { pid: 7, configPath: '/k', configId: undefined, isStopped: false, variables: own };
  t.equal(await read(process), own);
});

t.test('notify.sh shows the token that management over HTTP asks for', async (t) => {
  const checkToken = async (mi: string, found: string | undefined) => {
    const facts = await readScriptVariablesFacts({ dataFolder: undefined, config: config(mi) }, []);
    return said(checkScriptVariables({ ...facts, variables: variables('TWINREG_TOKEN_FILE', found) }));
  };
  t.strictSame(await checkToken('', 'unset'), []);
  t.strictSame(await checkToken('mi: {http_token_file: /t}', '/t'), []);
  t.match(await checkToken('mi: {http_token_file: /t}', 'unset'), [
    /^error: TWINREG_TOKEN_FILE is not set .* a token: /,
  ]);
  t.match(await checkToken(`mi: {http_token: ${'x'.repeat(40)}}`, ''), [/^error: TWINREG_TOKEN_FILE is not set /]);
  t.match(await checkToken('mi: {http_token_file: /t}', undefined), [/^unchecked: TWINREG_TOKEN_FILE/]);
});

t.test('the path of management is another one', async (t) => {
  const facts = await readScriptVariablesFacts({ dataFolder: undefined, config: config('mi: {http_root: rpc}') }, []);
  const checkMi = (found: string) => checkScriptVariables({ ...facts, variables: variables('TWINREG_MI', found) });
  t.match(checkMi('unset'), [{ level: 'error', remedy: /TWINREG_MI=http:\/\/127.0.0.1:8888\/rpc / }]);
  t.strictSame(checkMi('http://127.0.0.1:8888/rpc'), []);
});
