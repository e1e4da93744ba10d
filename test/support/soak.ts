const isSoak = process.env['TWINREG_SOAK'] === '1';

/** What a scenario takes of something: a little in the tests, `inSoak` when `npm run soak` runs it. */
export function inTest<T>(short: T, { inSoak }: { readonly inSoak: T }): T {
  return isSoak ? inSoak : short;
}
