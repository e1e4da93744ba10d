import * as z from 'zod';
import { keyNotes, sectionNotes, valueNotes } from '../notes.ts';
import { asciiText, BRANCH_FLAG_NAME, oneOf, oneOrMore } from '../values.ts';
import { domainName } from './registrar-section.ts';

/** OpenSIPS keeps branch flags in 32 bits. */
const RULES_MAX = 32;
const DOMAINS_MAX = 1000;

/** One `setbflag` line: a name alone sets the flag on every binding. */
function flagRule() {
  const rule = z.strictObject({
    flag: asciiText(64, 'the name of a branch flag, such as SIPPING_ENABLE', BRANCH_FLAG_NAME),
    contacts: oneOf(['all', 'nated']).default('all'),
    domains: oneOrMore(domainName(), DOMAINS_MAX, 'a list of domain names').default([]),
  });
  return z
    .preprocess((value) => (typeof value === 'string' ? { flag: value } : value), rule)
    .register(valueNotes, { expected: 'a branch flag, or {flag: NAME, contacts: all or nated, domains: [NAMES]}' });
}

export const policySection = z
  .strictObject({
    setbflag: oneOrMore(flagRule(), RULES_MAX, 'a list of branch flags or rules')
      .prefault(['SIPPING_ENABLE', 'SIPPING_RTO'])
      .register(keyNotes, {
        meaning:
          'Branch flags that bindings get before they are saved. `flag` is the name; `contacts: nated` limits it to phones behind NAT, `domains` to users of these domains. A name alone is for all bindings; rules add up. The default has every contact pinged with OPTIONS, and removed when it does not answer; a list given here stands alone, as in a script, so name these two in it if they are wanted.',
        opensips: 'script function `setbflag()` before `save()`',
      }),
  })
  .register(sectionNotes, {
    meaning: 'What an OpenSIPS script decides per REGISTER.',
    example: `policy:
  setbflag:
    - SIPPING_ENABLE
    - flag: SIPPING_RTO
      contacts: nated
      domains: [example.com]`,
    refusedKeys: {},
  });
