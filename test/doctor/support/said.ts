import type { Finding } from '../../../lib/doctor/finding.ts';

/** Findings as a test reads them: `error: what was found`. */
export function said(findings: Iterable<Finding>): readonly string[] {
  return [...findings].map(({ level, found }) => `${level}: ${found}`);
}
