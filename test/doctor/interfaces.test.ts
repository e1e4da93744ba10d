import t from 'tap';
import { execFileSync } from 'node:child_process';
import { resolve } from 'node:path';
import { readInterfaces } from '../../lib/doctor/interfaces.ts';

const MODULE = resolve(import.meta.dirname, '../../lib/doctor/interfaces.ts');

t.test('an interface that is up', async (t) => {
  const { names, down } = await readInterfaces();
  t.ok(names.has('lo'));
  t.notOk(down.has('lo'));
});

t.test('one that is down is there too', { skip: process.getuid?.() !== 0 && 'needs root' }, async (t) => {
  // In a network namespace of its own even the loopback interface is down at first.
  const look = `import { readInterfaces } from '${MODULE}'; const { names, down } = await readInterfaces(); console.log([...names], [...down]);`;
  const words = ['--net', '--mount', 'sh', '-c', 'mount -t sysfs sysfs /sys && exec "$@"', 'sh'];
  const node = [process.execPath, '--no-warnings', '--input-type=module', '-e', look];
  t.match(execFileSync('unshare', [...words, ...node], { encoding: 'utf8' }), /\[ 'lo'.*\] \[ 'lo'/);
});
