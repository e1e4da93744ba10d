import t from 'tap';
import type { JsonObject } from '../../../lib/mi/json.ts';
import { traceCommand } from '../../../lib/mi/commands/trace.ts';
import { Watchers, WATCHERS_MAX } from '../../../lib/trace/watchers.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import { fixedBindings } from '../../support/shown-binding.ts';

function setUp(useDomain = true) {
  const watchers = new Watchers(new ManualClock());
  const settings = { useDomain, caseSensitive: false, realmPrefix: '' };
  const command = traceCommand(watchers, fixedBindings(new Map()), settings);
  const call = (aor: string) => command.recipes[0]!.run(new Map([['aor', aor]]));
  const open = async (aor: string, send: (params: JsonObject) => void = () => {}) => {
    const answer = await call(aor);
    if (answer.kind !== 'live') throw new Error(`a ${answer.kind} is not live`);
    return answer.open(send);
  };
  return { watchers, call, open };
}

t.test('an AoR is watched as the registrar knows it, whatever is registered, until the client leaves', async (t) => {
  const { watchers, open } = setUp();
  const heard: JsonObject[] = [];
  const stop = await open('Al%69ce@EXAMPLE.com', (params) => heard.push(params));
  t.same(heard, [{ event: 'watching', aor: 'alice@example.com' }]);
  watchers.tell('alice@example.com', { event: 'expired', contact: 'sip:a' });
  t.match(heard[1], { event: 'expired', contact: 'sip:a', at: String });
  stop();
  t.notOk(watchers.isWatching);
});

t.test('octets reach programs as text, at any depth', async (t) => {
  const { watchers, open } = setUp();
  const heard: JsonObject[] = [];
  await open('alice@example.com', (params) => heard.push(params));
  const contact = Buffer.from('sip:zoë@192.0.2.1').toString('latin1');
  watchers.tell('alice@example.com', {
    event: 'accepted',
    request: 1,
    outcome: 'stored',
    call_id: '\xff',
    cseq: 1,
    changes: [{ what: 'removed', contact }],
  });
  t.match(heard[1], { call_id: 'ÿ', cseq: 1, changes: [{ what: 'removed', contact: 'sip:zoë@192.0.2.1' }] });
});

t.test('an AoR without the domain that it needs, and one trace too many, are refused', async (t) => {
  const { call, open } = setUp();
  t.match(await call('alice'), { kind: 'error', code: 400, message: 'Domain missing in AOR' });
  const asked = await call('late@example.com');
  const stop = await open('alice@example.com');
  for (let i = 1; i < WATCHERS_MAX; i++) await open('alice@example.com');
  t.match(await call('bob@example.com'), { kind: 'error', code: 503, message: /at most 16/ });

  const heard: JsonObject[] = [];
  t.equal(asked.kind, 'live');
  const end = asked.kind === 'live' ? asked.open((params) => heard.push(params)) : undefined;
  t.same(heard, [{ event: 'no-room', aor: 'late@example.com' }], 'also when the last place went in between');
  end?.();
  stop();
  t.match(await call('bob@example.com'), { kind: 'live' });
  t.match(await setUp(false).call('alice'), { kind: 'live' }, 'without use_domain a user is enough');
});
