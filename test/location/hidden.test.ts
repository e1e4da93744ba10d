import t from 'tap';
import fc from 'fast-check';
import { hiddenAfter, NOTHING_HIDDEN } from '../../lib/location/hidden.ts';
import type { LocationRecord } from '../../lib/location/record.ts';
import type { ViewRules } from '../../lib/location/view.ts';
import { T0 } from './support/states.ts';

const RULES: ViewRules = {
  maxContacts: 0,
  descTimeOrder: false,
  sameContact: (a, b) => a.toLowerCase() === b.toLowerCase(),
};

const spelling = fc.constantFrom('sip:a', 'sip:A', 'sip:b', 'sip:B', 'sip:c', 'sip:d');

function recordsOf(spellings: readonly string[]): readonly LocationRecord[] {
  return spellings.map((contactUri, index) => ({
    kind: 'removed',
    key: `${contactUri} ${index}`,
    version: { ms: T0 + ((index * 7) % 13), counter: index, nodeId: 1, incarnation: 1 },
    sticky: false,
    contactUri,
    callId: '',
    cseq: 1,
    expiresAtMs: T0,
  }));
}

t.test('grouping the contacts of a merge hides the same as comparing each with each', async (t) => {
  const property = fc.property(
    fc.array(spelling, { maxLength: 30 }),
    fc.array(spelling, { minLength: 8, maxLength: 30 }),
    (known, added) => {
      const before = recordsOf(known);
      const next = recordsOf([...known, ...added]);
      const kept = next.map((record, index) => before[index] ?? record);
      const was = before.length === 0 ? NOTHING_HIDDEN : hiddenAfter([], NOTHING_HIDDEN, before, RULES);
      const grouped = hiddenAfter(before, was, kept, { ...RULES, contactGroup: (uri) => uri.toLowerCase() });
      const plain = hiddenAfter(before, was, kept, RULES);
      return grouped.every((hidden, index) => hidden === plain[index]);
    },
  );
  t.doesNotThrow(() => fc.assert(property, { numRuns: 300, seed: 7 }));
});
