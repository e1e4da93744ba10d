import t from 'tap';
import { execFileSync } from 'node:child_process';
import { interfaceAddresses } from '../../../lib/sip/serving/interface-addresses.ts';
import { daemonCommand, daemonEnv } from '../../support/daemon-env.ts';

t.test('this host has a loopback interface', (t) => {
  t.match(interfaceAddresses(), [{ internal: Boolean }]);
  t.ok(interfaceAddresses().some(({ internal }) => internal));
  t.end();
});

t.test('a process without a free file descriptor goes by what it saw last', (t) => {
  const code = `
    import { openSync } from 'node:fs';
    import { interfaceAddresses } from ${JSON.stringify(import.meta.resolve('../../../lib/sip/serving/interface-addresses.ts'))};
    const before = interfaceAddresses();
    let refused = '';
    while (refused === '') {
      try { openSync('/dev/null'); } catch (err) { refused = err.code; }
    }
    console.log(refused, interfaceAddresses().length === before.length);
  `;
  const [program, args] = daemonCommand(process.execPath, '--input-type=module', '--eval', code);
  const limited = ['-c', 'ulimit -n 128; exec "$@"', 'sh', program, ...args];
  t.equal(execFileSync('sh', limited, { encoding: 'utf8', env: daemonEnv() }), 'EMFILE true\n');
  t.end();
});
