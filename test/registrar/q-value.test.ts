import t from 'tap';
import { Q_UNSPECIFIED } from '../../lib/location/record.ts';
import { parseQ, printQ } from '../../lib/registrar/q-value.ts';

t.test('q is read in thousandths', async (t) => {
  const values: [string, number][] = [
    ['0', 0],
    ['1', 1000],
    ['1.', 1000],
    ['1.000', 1000],
    ['0.', 0],
    ['0.5', 500],
    ['0.25', 250],
    ['0.007', 7],
    ['0.1239', 123],
    ['.5', 500],
  ];
  for (const [text, thousandths] of values) t.equal(parseQ(text), thousandths, text);
});

t.test('what is no q-value is not taken for one', async (t) => {
  for (const text of ['', '.', '1.1', '2', '-0.5', '0.5x', 'x', '00.5', '0,5', '1e0', '0.-5']) {
    t.equal(parseQ(text), undefined, text);
  }
});

t.test('q is printed as OpenSIPS prints it', async (t) => {
  t.equal(printQ(1000), '1');
  t.equal(printQ(0), '0');
  t.equal(printQ(500), '0.5');
  t.equal(printQ(250), '0.25');
  t.equal(printQ(7), '0.007');
  t.equal(printQ(Q_UNSPECIFIED), '');
});
