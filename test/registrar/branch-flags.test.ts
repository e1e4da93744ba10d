import t from 'tap';
import { BranchFlags } from '../../lib/registrar/branch-flags.ts';

t.test('flags for all are set on every binding, in alphabetical order', async (t) => {
  const flags = new BranchFlags([{ flags: ['SIPPING_RTO', 'SIPPING_ENABLE'], when: 'all' }], '');
  t.equal(flags.flagsOf('example.com', false), 'SIPPING_ENABLE SIPPING_RTO');
  t.equal(flags.flagsOf('example.com', true), 'SIPPING_ENABLE SIPPING_RTO');
});

t.test('flags for NATed bindings are set on those only, with nat_bflag', async (t) => {
  const flags = new BranchFlags([{ flags: ['SIPPING_ENABLE'], when: 'nated' }], 'NAT');
  t.equal(flags.flagsOf('example.com', false), '');
  t.equal(flags.flagsOf('example.com', true), 'NAT SIPPING_ENABLE');
});

t.test('flags by domain are set in that domain only, and rules add up', async (t) => {
  const flags = new BranchFlags(
    [
      { flags: ['A'], when: 'all' },
      { flags: ['B'], when: 'all', domains: ['b.example'] },
      { flags: ['C'], when: 'nated', domains: ['b.example', 'c.example'] },
    ],
    '',
  );
  t.equal(flags.flagsOf('a.example', true), 'A');
  t.equal(flags.flagsOf('b.example', false), 'A B');
  t.equal(flags.flagsOf('b.example', true), 'A B C');
  t.equal(flags.flagsOf('c.example', false), 'A');
  t.equal(flags.flagsOf('c.example', true), 'A C');
});
