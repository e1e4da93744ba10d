import t from 'tap';
import { realDrachtio } from './drachtio/drachtio-process.ts';
import { DRACHTIO } from './engines.ts';

t.test('what runs end to end runs behind a real drachtio-server', { skip: realDrachtio().skip }, async (t) => {
  t.equal(DRACHTIO.name, 'real drachtio-server');
});
