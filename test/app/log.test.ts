import t from 'tap';
import { LogRoot } from '../../lib/app/log.ts';

function memoryLog() {
  const lines: { readonly msg: string; readonly time: string }[] = [];
  const destination = { stream: { write: (line: string) => void lines.push(JSON.parse(line)) }, flush() {} };
  return { lines, root: new LogRoot({ level: 'info', format: 'json', colours: false }, destination) };
}

t.test('a line has the subsystem, the fields and a constant message', (t) => {
  const { lines, root } = memoryLog();
  root.child('storage').warn({ reason: 'full', err: new Error('no space') }, 'disk trouble');
  t.match(lines, [
    {
      level: 40,
      subsystem: 'storage',
      reason: 'full',
      msg: 'disk trouble',
      err: { message: 'no space', stack: /Error: no space\n/ },
    },
  ]);
  t.match(lines[0]?.time ?? '', /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  t.end();
});

t.test('the threshold holds for all subsystems, those that exist already included', (t) => {
  const { lines, root } = memoryLog();
  const before = root.child('before');
  before.debug({}, 'too small');
  root.setLevel('debug');
  t.equal(root.level(), 'debug');
  before.debug({}, 'shown');
  root.child('after').debug({}, 'shown too');
  root.setLevel('error');
  before.warn({}, 'too small again');
  t.same(
    lines.map(({ msg }) => msg),
    ['shown', 'shown too'],
  );
  t.end();
});
