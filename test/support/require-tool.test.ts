import t from 'tap';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { requireTool } from './require-tool.ts';

t.test('a program that is there is given with its path', (t) => {
  const tool = requireTool('sh', 'dash');
  t.equal(tool.skip, false);
  t.match(tool.path, /\/sh$/);
  t.end();
});

t.test('a missing program gives a reason that names its Debian package', (t) => {
  t.same(requireTool('no-such-phone', 'phones'), {
    path: undefined,
    skip: 'needs no-such-phone (Debian package phones)',
  });
  t.equal(requireTool('no-such-phone').skip, 'needs no-such-phone (Debian package no-such-phone)');
  t.end();
});

t.test('neither a folder nor a file without the x bit is a program', (t) => {
  const folder = t.testdir();
  const before = process.env['PATH'];
  process.env['PATH'] = folder;
  t.teardown(() => (process.env['PATH'] = before));

  mkdirSync(join(folder, 'a-folder'));
  writeFileSync(join(folder, 'a-text'), '', { mode: 0o644 });
  t.equal(requireTool('a-folder').path, undefined);
  t.equal(requireTool('a-text').path, undefined);

  chmodSync(join(folder, 'a-text'), 0o755);
  t.equal(requireTool('a-text').path, join(folder, 'a-text'));
  t.end();
});
