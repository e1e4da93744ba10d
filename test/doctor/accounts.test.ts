import t from 'tap';
import { findAccount } from '../../lib/doctor/accounts.ts';
import { requireTool } from '../support/require-tool.ts';

t.test('users and groups of this machine', { skip: requireTool('getent').skip }, async (t) => {
  t.strictSame(await findAccount('root', undefined), { uid: 0, gid: 0 });
  t.match(await findAccount('root', 'daemon'), { uid: 0, gid: /^[1-9]/ });
  t.equal(await findAccount('nonesuch-user', undefined), 'missing');
  t.equal(await findAccount('root', 'nonesuch-group'), 'missing');
  t.equal(await findAccount('--help', undefined), 'missing', 'no option');
});
