import { INVALID_CASES } from './cases-invalid.ts';
import { IPV6_CASES } from './cases-ipv6.ts';
import { SEMANTIC_CASES } from './cases-semantic.ts';
import { VALID_CASES } from './cases-valid.ts';
import type { TortureCase } from './torture-case.ts';

/** All cases of RFC 4475 and RFC 5118, in their order. */
export const TORTURE_CASES: readonly TortureCase[] = [
  ...VALID_CASES,
  ...INVALID_CASES,
  ...SEMANTIC_CASES,
  ...IPV6_CASES,
];
