import t from 'tap';
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readKeepalivedConfig } from '../../lib/doctor/keepalived-config.ts';
import type { PathFacts } from '../../lib/doctor/read-path.ts';
import { checkScripts, readScriptsFacts, type ScriptFacts, type ScriptsFacts } from '../../lib/doctor/scripts.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { said } from './support/said.ts';

const TWINREG = { uid: 990, gid: 990 };
const ROOT = { uid: 0, gid: 0 };

const folder = (mode = 0o755, uid = 0, gid = 0): PathFacts => ({ kind: 'folder', uid, gid, mode });
const file = (mode = 0o755, uid = 0, gid = 0): PathFacts => ({ kind: 'file', uid, gid, mode });

function scripts(changed: Partial<ScriptFacts>, others: Partial<ScriptsFacts> = {}): ScriptsFacts {
  const script: ScriptFacts = {
    command: { name: 'notify', program: '/opt/notify.sh', runAs: undefined },
    runAs: { user: 'twinreg', group: undefined },
    account: TWINREG,
    path: [
      { path: '/', facts: folder() },
      { path: '/opt', facts: folder() },
      { path: '/opt/notify.sh', facts: file() },
    ],
    ...changed,
  };
  const dataFolder = { path: '/data', facts: folder(0o750, TWINREG.uid, TWINREG.gid) };
  return { scripts: [script], isScriptSecurityOn: true, dataFolder, ...others };
}

function along(top: PathFacts, middle: PathFacts, last: PathFacts): ScriptFacts['path'] {
  return [
    { path: '/', facts: top },
    { path: '/opt', facts: middle },
    { path: '/opt/notify.sh', facts: last },
  ];
}

t.test('scripts that keepalived runs are not spoken of', async (t) => {
  t.strictSame(said(checkScripts(scripts({}))), []);
  const root = { runAs: { user: 'root', group: undefined }, account: ROOT };
  t.match(said(checkScripts(scripts(root))), [/^info: notify: \/opt\/notify.sh runs as root/]);
});

/** Who runs it, what stands on the way to it, and what is said. */
const FAULTS: readonly (readonly [string, { uid: number; gid: number }, ScriptFacts['path'], RegExp])[] = [
  [
    'may not be executed',
    TWINREG,
    along(folder(), folder(), file(0o744)),
    /is not run: \/opt\/notify.sh may not be executed by twinreg \(owner 0, mode 0744\)/,
  ],
  [
    'may not be read by its interpreter',
    TWINREG,
    along(folder(), folder(), file(0o711)),
    /may not be executed by twinreg/,
  ],
  [
    'has no right to be executed by anybody, and so not by root',
    ROOT,
    along(folder(), folder(), file(0o644)),
    /\/opt\/notify.sh may not be executed/,
  ],
  [
    'is behind a closed folder',
    TWINREG,
    along(folder(), folder(0o750), file()),
    /is not run: \/opt may not be entered by twinreg/,
  ],
  [
    'belongs to another user',
    ROOT,
    along(folder(), folder(), file(0o755, 1000)),
    /\/opt\/notify.sh belongs to user 1000, and the script runs as root/,
  ],
  [
    'may be changed by a group',
    ROOT,
    along(folder(), folder(), file(0o775, 0, 50)),
    /\/opt\/notify.sh may be written by others than root/,
  ],
  [
    'may be changed by everybody',
    ROOT,
    along(folder(), folder(), file(0o757)),
    /\/opt\/notify.sh may be written by others/,
  ],
  [
    'is in a folder that others may write',
    ROOT,
    along(folder(), folder(0o777), file()),
    /is not run: \/opt may be written by others than root \(mode 0777\)/,
  ],
  [
    'is in a folder of another user',
    ROOT,
    along(folder(), folder(0o755, 1000), file()),
    /is not run: \/opt belongs to user 1000/,
  ],
  ['is a folder', TWINREG, along(folder(), folder(), folder()), /\/opt\/notify.sh is a folder, no file/],
];

for (const [name, account, path, expected] of FAULTS) {
  t.test(`it is found which part of its path is at fault: it ${name}`, async (t) => {
    const runAs = { user: account === ROOT ? 'root' : 'twinreg', group: undefined };
    const found = said(checkScripts(scripts({ account, runAs, path })));
    t.equal(found.length, 1);
    t.match(found[0], /^error: notify: \/opt\/notify.sh/);
    t.match(found[0], expected);
  });
}

t.test('keepalived takes these, and so does the doctor', async (t) => {
  const root = { account: ROOT, runAs: { user: 'root', group: undefined } };
  const path = along(folder(), folder(0o1777), file(0o775));
  t.match(said(checkScripts(scripts({ ...root, path }))), [/^info: /], 'a sticky folder, and the group root');
});

t.test('keepalived runs what others can change if it does not run as root, and the doctor warns', async (t) => {
  const check = (...path: Parameters<typeof along>) => said(checkScripts(scripts({ path: along(...path) })));
  t.match(check(folder(), folder(), file(0o777)), [
    /^warning: notify: .*: \/opt\/notify.sh may be changed by others than root .* run anything as twinreg/,
  ]);
  t.match(check(folder(), folder(0o777), file(0o777)), [/^warning: .*: \/opt may be changed/]);
  t.match(check(folder(), folder(), file(0o755, 1000)), [/^warning: .*owner 1000/]);
  t.match(check(folder(), folder(), file(0o775, 0, 50)), [/^warning: .*mode 0775/]);
  const own = file(0o775, TWINREG.uid, TWINREG.gid);
  t.strictSame(check(folder(), folder(0o1777), own), [], 'a sticky folder, and what is its own');
});

t.test('a user that does not exist, and one that may not write the role file', async (t) => {
  t.match(said(checkScripts(scripts({ account: 'missing' }))), [/^error: .*the user or group twinreg does not exist/]);
  t.match(said(checkScripts(scripts({ account: 'unknown' }))), [/^unchecked: .*twinreg exists/]);
  const dataFolder = { path: '/data', facts: folder(0o750, 5, 5) };
  t.match(said(checkScripts(scripts({}, { dataFolder }))), [
    /^error: notify: twinreg may not write in the data folder \/data/,
  ]);
});

t.test('a path that is no whole one, and a script that runs nothing', async (t) => {
  const named = (program: string) => scripts({ command: { name: 'notify', program, runAs: undefined } });
  t.match(said(checkScripts(named('notify.sh'))), [/^warning: notify: notify.sh is no whole path/]);
  t.strictSame(said(checkScripts(named('</dev/tcp/127.0.0.1/5060'))), []);
});

t.test('what stands on the disk is read without its symbolic links', async (t) => {
  const top = tempFolder(t);
  mkdirSync(join(top, 'real'));
  writeFileSync(join(top, 'real', 'notify.sh'), '#!/bin/sh\n');
  symlinkSync(join(top, 'real'), join(top, 'link'));
  const read = async () => {
    const text = `global_defs {\n enable_script_security\n script_user root\n}\nvrrp_instance A {\n notify ${top}/link/notify.sh\n}`;
    return said(checkScripts(await readScriptsFacts(readKeepalivedConfig(text, ''), top)));
  };
  t.match(await read(), [
    new RegExp(`^error: notify: ${top}/link/notify.sh is not run: ${top}/real/notify.sh may not be exec`),
  ]);
  chmodSync(join(top, 'real', 'notify.sh'), 0o755);
  if (process.getuid?.() === 0) t.match(await read(), [/^info: /]);
  chmodSync(join(top, 'real'), 0o777);
  t.match(await read(), [
    new RegExp(`^error: .* is not run: ${top}(/real)? (may be written by others|belongs to user)`),
  ]);
});
