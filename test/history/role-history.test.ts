import t from 'tap';
import { RoleHistory } from '../../lib/history/role-history.ts';
import { ManualClock } from '../support/manual-clock.ts';

const ADDRESS = '10.0.0.150';

function heard() {
  const clock = new ManualClock();
  const lines: string[] = [];
  const role = new RoleHistory({ record: (kind, text) => void lines.push(`${kind}: ${text}`) }, clock);
  return { clock, role, taken: () => lines.splice(0) };
}

t.test('a failover is two lines: the address, and the order that followed it', async (t) => {
  const { clock, role, taken } = heard();
  role.arrived(ADDRESS);
  clock.advance(12);
  role.roleChanged('active', 'nh_enable_ping');
  t.same(taken(), [`address-here: ${ADDRESS}`, `active: nh_enable_ping 1; ${ADDRESS} arrived 12 ms before`]);
  clock.advance(3_600_000);
  role.left(ADDRESS);
  role.roleChanged('passive', 'the address is not here');
  t.same(taken(), [`address-left: ${ADDRESS}`, 'passive: the address is not here']);
});

t.test('an address that moved long before has nothing to do with an order', async (t) => {
  const { clock, role, taken } = heard();
  role.roleChanged('active', 'nh_enable_ping');
  role.left(ADDRESS);
  clock.advance(30_000);
  role.roleChanged('passive', 'nh_enable_ping');
  clock.advance(31_000);
  role.roleChanged('active', 'nh_enable_ping');
  t.same(taken(), [
    'active: nh_enable_ping 1',
    `address-left: ${ADDRESS}`,
    `passive: nh_enable_ping 0; ${ADDRESS} left 30 s before`,
    'active: nh_enable_ping 1',
  ]);
});

t.test('when both nodes are active it says who pings, who yields, and since when', async (t) => {
  const { role, taken } = heard();
  const earlier = { takenAtMs: Date.UTC(2027, 0, 15, 8), nodeId: 1 };
  const later = { takenAtMs: Date.UTC(2027, 0, 15, 9), nodeId: 2 };
  const since = 'node 1 since 2027-01-15T08:00:00.000Z, node 2 since 2027-01-15T09:00:00.000Z';
  role.began({ own: earlier, twin: later });
  t.same(taken(), [`both-active: node 2 became so later and pings, this node, node 1, yields (${since})`]);
  role.began({ own: later, twin: { takenAtMs: 0, nodeId: 1 } });
  t.match(taken(), [/this node, node 2, became so later and pings, node 1 yields \(.*node 1 since its start\)$/]);
  role.ended({ own: earlier, twin: later }, 'the address is not here');
  t.same(taken(), ['one-active: not both any more: the address is not here']);
  role.lost();
  t.match(taken(), [/^both-unknown: the link ended: nobody knows/]);
});

t.test('a node that begins has a line for its role, also when nothing changes it', async (t) => {
  const beginning = (name: 'active' | 'passive', isOn: boolean, isAddressHere: boolean, canLeave: boolean) => {
    const { role, taken } = heard();
    role.serving({ name, isOn, isAddressHere }, canLeave);
    return taken();
  };
  t.same(beginning('passive', false, false, true), ['passive: the address is not here, nh_enable_ping is 0']);
  t.same(beginning('active', true, true, true), ['active: the address is here, nh_enable_ping is 1']);
  t.same(beginning('active', true, true, false), ['active: nh_enable_ping is 1'], 'all addresses are nowhere else');
  const { role, taken } = heard();
  role.roleChanged('active', 'the address is here');
  role.serving({ name: 'active', isOn: true, isAddressHere: true }, true);
  t.same(taken(), ['active: the address is here'], 'and one is enough');
});
