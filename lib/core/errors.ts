/**
 * Something that an operator can mend: configuration, a port in use, a disk. The message names the setting and what was
 * expected; it is shown without a stack.
 */
export class OperationalError extends Error {
  override readonly name = 'OperationalError';
}

/** Ends the process when what must always hold does not: a node that lies is worse than one that failed over. */
export function invariant(holds: boolean, what: string): asserts holds {
  if (!holds) throw new InvariantError(what);
}

class InvariantError extends Error {
  override readonly name = 'InvariantError';
}
