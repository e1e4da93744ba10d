/** The promise was broken: what should not have been, in one sentence. */
export class Violation extends Error {
  override readonly name = 'Violation';
}
