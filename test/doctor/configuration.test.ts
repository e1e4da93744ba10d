import t from 'tap';
import { checkConfiguration } from '../../lib/doctor/configuration.ts';
import { said } from './support/said.ts';

t.test('what check-config says, problems as errors', async (t) => {
  const problems = [{ key: 'log.level', line: 3, message: 'expected a level' }];
  const warnings = [{ key: 'sip.x', line: undefined, message: 'is not used' }];
  t.strictSame(said(checkConfiguration({ fileName: 'a.yaml', problems, warnings })), [
    'error: a.yaml:3: log.level: expected a level',
    'warning: sip.x: is not used',
  ]);
  t.strictSame(said(checkConfiguration({ fileName: 'a.yaml', problems: [], warnings: [] })), []);
});
