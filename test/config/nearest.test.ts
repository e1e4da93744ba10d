import t from 'tap';
import { nearest } from '../../lib/config/nearest.ts';

const WORDS = ['use_domain', 'cseq_delay', 'db_url', 'min_expires', 'max_expires', 'mi'];

t.test('a misspelt word finds the one that was meant', async (t) => {
  const misspelt = {
    use_domian: 'use_domain', // two letters swapped
    cseq_dely: 'cseq_delay', // one left out
    db_urll: 'db_url', // one too many
    min_expirez: 'min_expires', // one replaced
    MAX_EXPIRES: 'max_expires', // case
    'use-domain': 'use_domain',
  };
  for (const [word, meant] of Object.entries(misspelt)) t.equal(nearest(word, WORDS), meant, word);
});

t.test('the nearer one of two is taken', async (t) => {
  t.equal(nearest('mix_expires', WORDS), 'min_expires');
  t.equal(nearest('ma_expires', WORDS), 'max_expires');
});

t.test('a word that is like none finds none', async (t) => {
  for (const word of ['hash_size', 'x', '', 'natping_interval', 'ab']) t.equal(nearest(word, WORDS), undefined, word);
});
