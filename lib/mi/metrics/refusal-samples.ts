import type { Sample } from './family.ts';

/** Of counts by `400 Invalid CSeq`; what is beyond the number that is told apart has no status. */
export function refusalSamples(counts: ReadonlyMap<string, number>): readonly Sample[] {
  return Array.from(counts, ([text, count]) => {
    const blank = text.indexOf(' ');
    return [{ status: text.slice(0, Math.max(0, blank)), reason: text.slice(blank + 1) }, count];
  });
}
