// Writes the golden files anew from what a real drachtio-server does:
//   DRACHTIO_BIN=/path/of/drachtio scripts/node test/sip/drachtio/exchanges/record.ts [name of an exchange]...
import { writeFileSync } from 'node:fs';
import { DrachtioProcess, realDrachtio } from '../../../support/drachtio/drachtio-process.ts';
import { EXCHANGES, playExchange } from './exchanges.ts';
import { goldenPath } from './golden.ts';

const program = realDrachtio();
if (program.skip !== false) throw new Error(program.skip);

const wanted = process.argv.slice(2);
const ends: (() => Promise<void> | void)[] = [];
const run = { teardown: (end: () => Promise<void> | void) => ends.push(end) };
const shared = await DrachtioProcess.start(run, program.command);
let failed = 0;
for (const exchange of EXCHANGES) {
  if (wanted.length > 0 && !wanted.some((name) => exchange.name.startsWith(name))) continue;
  const { own } = exchange;
  const server = own === undefined ? shared : await DrachtioProcess.start(run, program.command, own);
  try {
    writeFileSync(goldenPath(exchange), await playExchange(exchange, server));
    console.log(`recorded ${exchange.name}`);
  } catch (error) {
    failed += 1;
    console.log(`FAILED ${exchange.name}: ${String(error)}`);
  }
}
for (const end of ends) await end();
process.exitCode = failed === 0 ? 0 : 1;
