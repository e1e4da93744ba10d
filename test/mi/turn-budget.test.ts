import t from 'tap';
import { TurnBudget } from '../../lib/mi/turn-budget.ts';
import { ManualClock } from '../support/manual-clock.ts';

t.test('all who work share one budget, and wait for one turn of the event loop', async (t) => {
  const clock = new ManualClock();
  const turn = new TurnBudget(clock);
  clock.jump(1);
  t.equal(turn.spent(), undefined, 'there is some left');
  clock.jump(1);
  const first = turn.spent();
  const second = turn.spent();
  t.ok(first !== undefined && first === second, 'nothing is left, for nobody');
  t.equal(clock.timerCount, 1);
  clock.advance(0);
  await first;
  t.equal(turn.spent(), undefined, 'a new turn has begun');
});
