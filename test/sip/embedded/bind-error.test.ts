import t from 'tap';
import { OperationalError } from '../../../lib/core/errors.ts';
import { bindError } from '../../../lib/sip/embedded/bind-error.ts';
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
