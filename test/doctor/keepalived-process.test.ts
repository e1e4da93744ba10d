import t from 'tap';
import { writeFileSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import {
  checkKeepalivedProcess,
  testKeepalivedConfig,
  type KeepalivedProcessFacts,
} from '../../lib/doctor/keepalived-process.ts';
import { KEEPALIVED } from '../support/appliance-script.ts';
import { keepalivedConf } from '../support/keepalived.ts';
import { requireTool } from '../support/require-tool.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { said } from './support/said.ts';

const ended = (code: number, err = '') => ({ kind: 'ended', code, out: '', err }) as const;
const RUNNING = {
  pid: 7,
  configPath: '/k.conf',
  configId: undefined,
  isStopped: false,
  variables: new Map<string, string>(),
};

function check(changed: Partial<KeepalivedProcessFacts>) {
  const facts = {
    path: '/k.conf',
    version: ended(0, 'Keepalived v2.2.7 (01/16,2022)\n'),
    processes: [RUNNING],
    isAddressHere: false,
  };
  return said(checkKeepalivedProcess({ ...facts, configTest: ended(0), ...changed }));
}

t.test('a keepalived that runs with the file that was looked at', async (t) => {
  t.strictSame(check({}), []);
  const unsecured = 'SECURITY VIOLATION - scripts are being executed but script_security not enabled.\n';
  t.strictSame(check({ configTest: ended(6, unsecured) }), [], 'that is said of the file');
  t.match(check({ configTest: ended(6, `${unsecured}(Line 4) Unknown\n`) }), [/^error: .*: \(Line 4\) Unknown$/]);
  t.match(check({ configTest: ended(3) }), [/^error: .*: exit code 3$/]);
});

t.test('it is not installed, does not run, stands still, or is old', async (t) => {
  t.match(check({ version: { kind: 'missing' }, processes: [] }), [/^error: keepalived is not installed/]);
  t.match(check({ processes: [] }), [/^error: keepalived does not run: this node never gets the address/]);
  t.match(check({ processes: [], isAddressHere: true }), [
    /^error: keepalived does not run: this node keeps the address/,
  ]);
  t.match(check({ processes: [{ ...RUNNING, isStopped: true }] }), [/^error: keepalived \(process 7\) is stopped/]);
  t.match(check({ version: ended(0, 'Keepalived v2.0.10') }), [/^warning: keepalived is version 2.0/]);
  t.match(check({ version: ended(1) }), [/^unchecked: the version of keepalived/]);
});

t.test('it runs with another file', async (t) => {
  const other = { ...RUNNING, configPath: '/other.conf' };
  t.match(check({ processes: [other] }), [
    /^warning: keepalived runs with \/other.conf, and \/k.conf is what was looked at/,
  ]);
  t.strictSame(check({ processes: [other, RUNNING] }), []);
});

t.test('what keepalived itself says of the file', async (t) => {
  t.match(check({ configTest: ended(4, '(Line 3) Unknown keyword\n\n') }), [
    /^error: keepalived refuses \/k.conf: \(Line 3\) Unknown keyword$/,
  ]);
  t.match(check({ configTest: 'not root' }), [/^unchecked: keepalived --config-test/]);
  t.match(check({ configTest: { kind: 'failed', reason: 'it did not end' } }), [/^unchecked: .*it did not end/]);
  t.match(check({ configTest: { kind: 'killed', signal: 'SIGSEGV' } }), [/^unchecked: .*SIGSEGV/]);
});

const keepalived = requireTool('keepalived');
const skip = keepalived.skip || (process.getuid?.() !== 0 && 'needs root');

t.test('keepalived is asked, also about a file whose scripts run as another user', { skip }, async (t) => {
  const path = join(tempFolder(t), 'keepalived.conf');
  const ask = async (text: string) => {
    writeFileSync(path, text);
    return testKeepalivedConfig(path, text, 'node-a', true);
  };
  // Without an interface it looks at no script.
  const [INTERFACE = 'nonesuch0'] = Object.keys(networkInterfaces()).filter((name) => name !== 'lo');
  const scripts = { SCRIPTS: KEEPALIVED, DATA: tempFolder(t), INTERFACE };
  for (const USER of ['root', 'nobody']) {
    const text = keepalivedConf({ ...scripts, USER });
    const test = async (changed: string) =>
      check({ path, processes: [{ ...RUNNING, configPath: path }], configTest: await ask(changed) });
    const unknown = text.replace('interface $INTERFACE', 'interface nonesuch0');
    t.match(await test(unknown), [/^error: keepalived refuses .*nonesuch0/], USER);
    if (INTERFACE !== 'nonesuch0') t.strictSame(await test(text), [], USER);
    t.match(await test(text.replace('nopreempt', 'nopreempt\n nonsense')), [/^error: .*nonsense/], USER);
  }
});
