import t, { type Test } from 'tap';
import { CommandTable } from '../../../lib/mi/command-table.ts';
import { Statistics } from '../../../lib/mi/commands/statistics.ts';
import { statisticsCommands } from '../../../lib/mi/commands/statistics-commands.ts';
import { miCaller } from '../../support/mi-caller.ts';

function start() {
  const counted = new Map([
    ['usrloc:registered_users', 3],
    ['usrloc:location-contacts', 4],
    ['usrloc:location-expires', 5],
    ['registrar:accepted_regs', 9],
  ]);
  const GAUGES = new Set(['usrloc:registered_users', 'usrloc:location-contacts']);
  const statistics = new Statistics({
    read: () => counted,
    kindOf: (name) => (GAUGES.has(name) ? 'gauge' : 'counter'),
  });
  return { counted, call: miCaller(new CommandTable(statisticsCommands(statistics))) };
}

const NOT_FOUND = { code: 404, message: 'Statistics Not Found' };

t.test('get_statistics finds by name, by group, or all', async (t) => {
  const { counted, call } = start();
  t.same(await call('get_statistics', [['all']]), Object.fromEntries(counted));
  t.same(await call('get_statistics', [['usrloc:']]), {
    'usrloc:registered_users': 3,
    'usrloc:location-contacts': 4,
    'usrloc:location-expires': 5,
  });
  t.same(await call('get_statistics', [['accepted_regs', 'nonesuch']]), { 'registrar:accepted_regs': 9 });
  t.same(await call('get_statistics', [['registrar:accepted_regs']]), { 'registrar:accepted_regs': 9 });
  t.same(await call('get_statistics', [['nonesuch']]), NOT_FOUND);
  t.same(await call('get_statistics', [[]]), NOT_FOUND);
});

t.test(
  'names may come as one text, as a list by name, or one after the other as in the text form of 2.4',
  async (t) => {
    const { counted, call } = start();
    t.same(await call('get_statistics', ['all']), Object.fromEntries(counted));
    t.same(await call('get_statistics', { statistics: ['registrar:'] }), { 'registrar:accepted_regs': 9 });
    t.same(await call('get_statistics', { statistics: 'registrar:' }), { 'registrar:accepted_regs': 9 });
    t.same(await call('get_statistics', ['registrar:', 'location-expires']), {
      'usrloc:location-expires': 5,
      'registrar:accepted_regs': 9,
    });
  },
);

t.test('what is no list of names is an error that names the parameter', async (t) => {
  const { call } = start();
  const badType = { code: -32602, message: 'Invalid params', data: "Bad type for parameter 'statistics'" };
  for (const method of ['get_statistics', 'list_statistics', 'reset_statistics']) {
    t.same(await call(method, [7]), badType);
    t.same(await call(method, ['a', 7]), badType);
    t.same(await call(method, { statistics: [null] }), badType);
    t.match(await call(method, { names: ['all'] }), { code: -32602, data: 'Named parameters do not match' });
  }
  t.match(await call('get_statistics'), { code: -32602, data: 'Too few or too many parameters' });
});

t.test('list_statistics says which count', async (t) => {
  const { call } = start();
  const all = {
    'usrloc:registered_users': 'non-incremental',
    'usrloc:location-contacts': 'non-incremental',
    'usrloc:location-expires': 'incremental',
    'registrar:accepted_regs': 'incremental',
  };
  t.same(await call('list_statistics'), all);
  t.same(await call('list_statistics', [['registrar:']]), { 'registrar:accepted_regs': 'incremental' });
  t.same(await call('list_statistics', [['nonesuch']]), NOT_FOUND);
});

t.test('reset_statistics lets counters begin at 0 and leaves gauges', async (t) => {
  const { counted, call } = start();
  await reset(t, call, ['accepted_regs']);
  t.same(await call('get_statistics', ['registrar:']), { 'registrar:accepted_regs': 0 });
  t.same(await call('get_statistics', ['location-expires']), { 'usrloc:location-expires': 5 }, 'not the others');
  counted.set('registrar:accepted_regs', 12);
  t.same(await call('get_statistics', ['registrar:']), { 'registrar:accepted_regs': 3 });
  await reset(t, call, ['registrar:accepted_regs', 'registered_users', 'nonesuch']);
  counted.set('registrar:accepted_regs', 13);
  t.same(await call('get_statistics', ['accepted_regs', 'registered_users']), {
    'usrloc:registered_users': 3,
    'registrar:accepted_regs': 1,
  });
  t.equal(counted.get('registrar:accepted_regs'), 13, 'who counts goes on');
  t.same(await call('reset_statistics', [['nonesuch']]), NOT_FOUND);
});

async function reset(t: Test, call: ReturnType<typeof miCaller>, names: readonly string[]): Promise<void> {
  t.equal(await call('reset_statistics', [names]), 'OK');
}
