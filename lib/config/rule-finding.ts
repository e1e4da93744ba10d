/** What a rule has to say. `keys` are all that it is about, the one to mend first; a rule is silent about keys that are wrong by themselves. */
export interface RuleFinding {
  readonly severity: 'problem' | 'warning';
  readonly keys: readonly [string, ...string[]];
  readonly message: string;
}

export function problem(keys: RuleFinding['keys'], message: string): RuleFinding {
  return { severity: 'problem', keys, message };
}

export function warning(keys: RuleFinding['keys'], message: string): RuleFinding {
  return { severity: 'warning', keys, message };
}
