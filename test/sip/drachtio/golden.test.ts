// The double of drachtio-server must say what a real one said, octet by octet but for what differs in each run; and a real one,
// where there is one, must still say what the recordings have. They are made by exchanges/record.ts.
import t, { type Test } from 'tap';
import { readdirSync, readFileSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { DrachtioDouble } from '../../support/drachtio-double.ts';
import { DOUBLE_COMMAND, DrachtioProcess, realDrachtio } from '../../support/drachtio/drachtio-process.ts';
import type { DrachtioServer } from '../../support/drachtio/place.ts';
import type { Exchange } from './exchanges/exchange.ts';
import { EXCHANGES, playExchange } from './exchanges/exchanges.ts';
import { goldenPath } from './exchanges/golden.ts';

type Start = (t: Test, own: Exchange['own']) => Promise<DrachtioServer>;

t.test('each recording belongs to an exchange that is played', async (t) => {
  const files = readdirSync(dirname(goldenPath({ name: 'any' }))).sort();
  t.strictSame(files, EXCHANGES.map((exchange) => basename(goldenPath(exchange))).sort());
});

t.test('the double says what a real drachtio-server said', async (t) => {
  await playAll(t, (t, own) => DrachtioDouble.start(t, own));
});

t.test('the double in a process of its own is the same', async (t) => {
  const server = await DrachtioProcess.start(t, DOUBLE_COMMAND);
  const exchanges = EXCHANGES.filter(({ name }) => name === 'register-200' || name === 'options-200');
  t.equal(exchanges.length, 2);
  for (const exchange of exchanges) t.equal(await playExchange(exchange, server), golden(exchange));
});

const program = realDrachtio();
t.test('a real drachtio-server says what the recordings have', { skip: program.skip }, async (t) => {
  if (program.skip === false) await playAll(t, (t, own) => DrachtioProcess.start(t, program.command, own));
});

async function playAll(t: Test, start: Start): Promise<void> {
  const shared = await start(t, {});
  for (const exchange of EXCHANGES) {
    await t.test(exchange.title, async (t) => {
      const server = exchange.own === undefined ? shared : await start(t, exchange.own);
      t.equal(await playExchange(exchange, server), golden(exchange));
    });
  }
}

function golden(exchange: Exchange): string {
  return readFileSync(goldenPath(exchange), 'utf8');
}
