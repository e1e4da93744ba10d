import t from 'tap';
import { ageText } from '../../lib/core/age-text.ts';

t.test('an age is told in the largest unit that is there', (t) => {
  t.equal(ageText(0), '0 s ago');
  t.equal(ageText(59_999), '59 s ago');
  t.equal(ageText(119_999), '1 min ago');
  t.equal(ageText(120_000), '2 min ago');
  t.equal(ageText(7_199_999), '1 h ago');
  t.equal(ageText(172_800_000), '2 d ago');
  t.end();
});
