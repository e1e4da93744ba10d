import t from 'tap';
import { OperationalError } from '../../../lib/core/errors.ts';
import { bindError, mayComeLater } from '../../../lib/sip/embedded/bind-error.ts';
import { listener } from './test-engine.ts';

function failure(code: string): Error {
  return Object.assign(new Error(`bind ${code}`), { code });
}

t.test('a port that needs a right says which', (t) => {
  const error = bindError(listener('udp', '192.0.2.1', 80), failure('EACCES'));
  t.type(error, OperationalError);
  t.match(error.message, /^listen: cannot bind udp:192\.0\.2\.1:80: .*CAP_NET_BIND_SERVICE/);
  t.end();
});

t.test('any other failure is told as the system tells it', (t) => {
  const cause = failure('EINVAL');
  const error = bindError(listener('tcp', '::1', 5060), cause);
  t.equal(error.message, 'listen: cannot bind tcp:[::1]:5060: bind EINVAL');
  t.equal(error.cause, cause);
  t.equal(bindError(listener('tcp', '::1', 5060), 'text').message, 'listen: cannot bind tcp:[::1]:5060: text');
  t.end();
});

t.test(
  'an address may come later, a port that somebody holds may not, unless it is the other node on this machine',
  (t) => {
    const cases = [
      ['10.0.0.150', 'EADDRNOTAVAIL', true],
      ['2001:db8::1', 'EADDRNOTAVAIL', true],
      ['10.0.0.150', 'EADDRINUSE', false],
      ['127.0.0.100', 'EADDRINUSE', true],
      ['::1', 'EADDRINUSE', true],
      ['0.0.0.0', 'EADDRINUSE', false],
      ['::', 'EADDRNOTAVAIL', false],
      ['10.0.0.150', 'EACCES', false],
    ] as const;
    for (const [address, code, expected] of cases) {
      const settings = listener('udp', address, 5060);
      t.equal(mayComeLater(settings, failure(code)), expected, `${address} ${code}`);
      t.equal(
        mayComeLater(settings, bindError(settings, failure(code))),
        expected,
        `${address} ${code}, as it is told`,
      );
    }
    t.end();
  },
);
