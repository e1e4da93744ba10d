/** The command line is wrong. The message says what is wrong. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}
