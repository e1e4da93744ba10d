import type { Goodbye } from './goodbye.ts';

/** Said on a link whose place another connection takes. */
export const REPLACED: Goodbye = {
  reason: 'replaced',
  text: 'another connection between the same nodes took its place',
};

/** One of two connections between the same two nodes. */
export interface LinkClaim {
  /** Of the process at the other end. */
  readonly incarnation: number;
  /** Whether the node with the greater id dialled it. */
  readonly dialledByGreater: boolean;
}

/**
 * Whether a connection that has just proved itself takes the place of the link. A new process at the other end always
 * does: the old link is a dead one that nobody has noticed. Between the same two processes the one that the greater node id
 * dialled stays, and the newer of two alike: who dials again has lost the old one.
 */
export function takesPlace(claim: LinkClaim, link: LinkClaim): boolean {
  if (claim.incarnation !== link.incarnation) return true;
  return claim.dialledByGreater || !link.dialledByGreater;
}
