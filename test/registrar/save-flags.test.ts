import t from 'tap';
import { SAVE_FLAG_LIST, usableSaveFlags } from '../../lib/registrar/save-flag-list.ts';
import { NO_SAVE_FLAGS, parseSaveFlags } from '../../lib/registrar/save-flags.ts';

t.test('the letter form of save() is read', async (t) => {
  t.same(parseSaveFlags('p1v'), { ...NO_SAVE_FLAGS, pathMode: 'lazy', pathReceived: true });
  t.same(parseSaveFlags('c5f'), { ...NO_SAVE_FLAGS, maxContacts: 5, forceRegistration: true });
  t.same(parseSaveFlags('me60E3600M1p0o'), {
    ...NO_SAVE_FLAGS,
    memoryOnly: true,
    minExpiresS: 60,
    maxExpiresS: 3600,
    matchingMode: 1,
    pathMode: 'off',
    onlyRequestContacts: true,
  });
  t.same(parseSaveFlags('p2'), { ...NO_SAVE_FLAGS, pathMode: 'strict' });
});

t.test('the list form of save() is read', async (t) => {
  t.same(parseSaveFlags('max-contacts=5, path-lazy'), { ...NO_SAVE_FLAGS, maxContacts: 5, pathMode: 'lazy' });
  t.same(
    parseSaveFlags('memory-only,min-expires=60,max-expires=3600,force-registration,matching-mode=0,path-received'),
    {
      ...NO_SAVE_FLAGS,
      memoryOnly: true,
      minExpiresS: 60,
      maxExpiresS: 3600,
      forceRegistration: true,
      matchingMode: 0,
      pathReceived: true,
    },
  );
  t.same(parseSaveFlags('path-off'), { ...NO_SAVE_FLAGS, pathMode: 'off' });
  t.same(parseSaveFlags('path-strict,only-request-contacts'), {
    ...NO_SAVE_FLAGS,
    pathMode: 'strict',
    onlyRequestContacts: true,
  });
});

t.test('no flags at all are no flags', async (t) => {
  t.same(parseSaveFlags(''), NO_SAVE_FLAGS);
});

t.test('a flag that cannot be used is named, with the reason', async (t) => {
  t.match(parseSaveFlags('p1x'), { badFlag: 'x', problem: /not a flag/ });
  t.match(parseSaveFlags('p3'), { badFlag: 'p3', problem: /p0, p1 or p2/ });
  t.match(parseSaveFlags('p'), { badFlag: 'p', problem: /p0, p1 or p2/ });
  t.match(parseSaveFlags('c'), { badFlag: 'c', problem: /whole number/ });
  t.match(parseSaveFlags('e99999999999'), { badFlag: 'e99999999999', problem: /whole number/ });
  t.match(parseSaveFlags('M2'), { badFlag: 'M2', problem: /0 or 1/ });
  t.match(parseSaveFlags('f1'), { badFlag: 'f1', problem: /not a flag/ });
  t.match(parseSaveFlags('r'), { badFlag: 'r', problem: /script/ });
  t.match(parseSaveFlags('socket-header'), { badFlag: 'socket-header', problem: /socket/ });
  t.match(parseSaveFlags('path-lazy,max-contacts=many'), { badFlag: 'max-contacts=many', problem: /whole number/ });
  t.match(parseSaveFlags('path-lazy=1'), { badFlag: 'path-lazy=1', problem: /no value/ });
  t.match(parseSaveFlags('path-eager'), { badFlag: 'path-eager', problem: /not a flag/ });
  t.match(parseSaveFlags('matching-mode=<instance>'), { badFlag: 'matching-mode=<instance>', problem: /0 or 1/ });
});

t.test('the list of flags holds what is read, in both spellings alike', async (t) => {
  for (const { letter, name, takesNumber, refused } of SAVE_FLAG_LIST) {
    const [short, long] = takesNumber ? [`${letter}1`, `${name}=1`] : [letter, name];
    const read = parseSaveFlags(short);
    if (refused === undefined) {
      t.notOk('badFlag' in read, short);
      t.notSame(read, NO_SAVE_FLAGS, short);
      t.same(parseSaveFlags(long), read, long);
    } else {
      t.same(read, { badFlag: short, problem: `cannot be used: ${refused}` });
      t.same(parseSaveFlags(long), { badFlag: long, problem: `cannot be used: ${refused}` });
    }
  }
});

t.test('an unknown flag is answered with those that there are, in both spellings', async (t) => {
  t.equal(
    usableSaveFlags(),
    'm (memory-only), cN (max-contacts=N), eN (min-expires=N), EN (max-expires=N), f (force-registration), ' +
      'MN (matching-mode=N), p0 (path-off), p1 (path-lazy), p2 (path-strict), v (path-received) or o (only-request-contacts)',
  );
  for (const flag of ['z', 'f1', 'path-eager', 'toString-'])
    t.same(parseSaveFlags(flag), {
      badFlag: flag,
      problem: `is not a flag of save(); expected ${usableSaveFlags()}`,
    });
});

t.test('an address-of-record is not taken for letters', async (t) => {
  for (const aor of ['sip:a@b', 'a-b@c', 'mo@f', 'sip:f', '$tu'])
    t.match(parseSaveFlags(`p1v,${aor}`), { badFlag: aor, problem: /^is an address-of-record: .* not supported/ });
});
