import t from 'tap';
import { AddressWatch } from '../../lib/role/address-watch.ts';
import { RecordedLog } from '../sip/embedded/recorded-log.ts';
import { ManualClock } from '../support/manual-clock.ts';

const [ONE, TWO] = ['10.0.0.150', '2001:db8::150'];

/** A watch on a host whose addresses the test gives and takes. */
function newWatch(addresses: readonly string[] = [ONE]) {
  const host = new Set(['10.0.0.177']);
  const [clock, log] = [new ManualClock(), new RecordedLog()];
  const watch = new AddressWatch({ addresses, present: () => host, clock, log });
  const heard: string[] = [];
  watch.addListener({
    arrived: (address) => heard.push(`arrived ${address}`),
    left: (address) => heard.push(`left ${address}`),
    changed: (isHere) => heard.push(isHere ? 'here' : 'not here'),
  });
  return { watch, host, clock, log, heard };
}

t.test('at the start it tells how it is, and then each change within a tenth of a second, once', (t) => {
  const { watch, host, clock, heard } = newWatch();
  t.same(heard, [], 'nothing before the start');
  watch.start();
  t.same(heard, ['not here']);
  host.add(ONE);
  clock.advance(100);
  t.same(heard, ['not here', `arrived ${ONE}`, 'here']);
  clock.advance(1000);
  host.delete(ONE);
  clock.advance(100);
  clock.advance(1000);
  t.same(heard.slice(3), [`left ${ONE}`, 'not here']);
  t.end();
});

t.test('an address that is here at the start is told as arrived: sockets may wait for it', (t) => {
  const { watch, host, heard, log } = newWatch();
  host.add(ONE);
  watch.start();
  t.same(heard, [`arrived ${ONE}`, 'here']);
  t.match(log.lines, [{ level: 'info', fields: { address: ONE }, message: 'the address is here' }]);
  t.end();
});

t.test('each arrival and each leave is one line of the log', (t) => {
  const { watch, host, clock, log } = newWatch();
  watch.start();
  for (const change of ['add', 'delete', 'add'] as const) {
    host[change](ONE);
    clock.advance(300);
  }
  t.same(
    log.lines.map(({ message, fields }) => [message, fields]),
    ['the address is not here', 'the address arrived', 'the address left', 'the address arrived'].map((message) => [
      message,
      { address: ONE },
    ]),
  );
  t.end();
});

t.test('of several addresses all have to be here', (t) => {
  const { watch, host, clock, heard } = newWatch([ONE, TWO]);
  watch.start();
  host.add(ONE);
  clock.advance(100);
  t.equal(watch.isHere, false);
  host.add(TWO);
  clock.advance(100);
  t.equal(watch.isHere, true);
  host.delete(ONE);
  clock.advance(100);
  t.equal(watch.isHere, false);
  t.same(heard, ['not here', `arrived ${ONE}`, `arrived ${TWO}`, 'here', `left ${ONE}`, 'not here']);
  t.end();
});

t.test('whoever knows better may have it look at once', (t) => {
  const { watch, host, clock, heard } = newWatch();
  watch.start();
  clock.advance(30);
  host.add(ONE);
  watch.look();
  t.same(heard.at(-1), 'here');
  t.equal(watch.hereSinceMs(ONE), 30);
  t.equal(watch.hereSinceMs(TWO), undefined);
  t.end();
});

t.test('stopped it looks no more, and leaves no timer', (t) => {
  const { watch, host, clock, heard } = newWatch();
  watch.start();
  watch.stop();
  t.equal(clock.timerCount, 0);
  host.add(ONE);
  watch.look();
  t.same(heard, ['not here']);
  t.end();
});

t.test('without an address that could leave everything is always here, and nothing is looked at', (t) => {
  const { watch, clock, heard } = newWatch([]);
  watch.start();
  t.same(heard, ['here']);
  t.equal(clock.timerCount, 0);
  t.end();
});
