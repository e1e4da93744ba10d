import type { RoleName } from './role-name.ts';

type RoleEffect =
  /** The role is another one now. */
  | { readonly kind: 'changed'; readonly from: RoleName; readonly to: RoleName }
  /** The role file has to hold the role before anybody is told that it is set. */
  | { readonly kind: 'store' };

/**
 * Who is active, as a pure machine: the node whose flag is set. An order to set the flag is stored also when it changes
 * nothing, since the file may be missing, or somebody else may have written it.
 */
export class RoleMachine {
  #role: RoleName;

  /** @param role as it was stored. */
  constructor(role: RoleName) {
    this.#role = role;
  }

  get role(): RoleName {
    return this.#role;
  }

  /** `nh_enable_ping`, or whoever else sets the flag. */
  step(to: RoleName): readonly RoleEffect[] {
    const from = this.#role;
    this.#role = to;
    return from === to ? [{ kind: 'store' }] : [{ kind: 'changed', from, to }, { kind: 'store' }];
  }
}
