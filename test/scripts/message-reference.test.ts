import t from 'tap';
import { readFileSync } from 'node:fs';
import { logMessages, messagesOf } from '../../scripts/dev/log-messages.ts';
import { renderMessageReference } from '../../scripts/dev/message-reference.ts';

t.test('docs/MESSAGES.md has every warning and error of the source (npm run docs writes it)', (t) => {
  const page = readFileSync(new URL('../../docs/MESSAGES.md', import.meta.url), 'utf8');
  t.equal(page, renderMessageReference());
  for (const { message } of logMessages()) t.match(page, `| \`${message}\` |`);
  t.end();
});

t.test('messages are found in all ways in which they are written', (t) => {
  const found = (text: string) => messagesOf('lib/some.ts', text);
  t.same(found(`log.warn({ err }, 'it broke');`), [{ level: 'warn', message: 'it broke' }]);
  t.same(found(`const message = isBad ? 'bad' : 'worse'; this.#log.error({}, message);`), [
    { level: 'error', message: 'bad' },
    { level: 'error', message: 'worse' },
  ]);
  t.same(found(`const rare = new RareWarning('again', clock, log);`), [{ level: 'warn', message: 'again' }]);
  t.same(found(`const level = isUsual ? 'info' : 'warn'; return { level, message: 'refused', fields: {} };`), [
    { level: 'warn', message: 'refused' },
  ]);
  t.same(found(`log.info({}, 'fine'); return { level: 'info', message: 'fine', fields: {} };`), []);
  t.throws(() => found('log.warn({}, `it took ${ms} ms`);'), /lib\/some.ts:1: what is logged is no text/);
  t.end();
});
