import t from 'tap';
import { requestText, statusOf } from './sip-text.ts';
import { TestEngine } from './test-engine.ts';

t.test(
  'requests that are no valid SIP are counted by what their sender was told, in words that are ours',
  async (t) => {
    const test = await TestEngine.start(t);
    const phone = await test.udpPhone();
    for (const number of ['evil', 'evil', '1 2 3']) {
      const text = requestText().replace(/CSeq: .*/, `CSeq: ${number}`);
      t.equal(statusOf(await phone.ask(text)), 400);
    }
    t.equal(statusOf(await phone.ask(requestText())), 200);
    const counts = [...test.engine.statistics.invalid.all()];
    t.equal(
      counts.reduce((sum, [, count]) => sum + count, 0),
      3,
    );
    for (const [reason] of counts) t.match(reason, /^400 [A-Z][A-Za-z- ]+$/);
  },
);
