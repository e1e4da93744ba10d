/** Gives branch flags to bindings: the `setbflag()` lines that a script has before `save()`. */
export interface BranchFlagRule {
  /** Names of branch flags: `SIPPING_ENABLE`, `SIPPING_RTO`, … without spaces. */
  readonly flags: readonly string[];
  /** `nated`: only bindings that NAT detection, Path or the Contact's own parameter gave a `received`, or whose contact was fixed. */
  readonly when: 'all' | 'nated';
  /** Domains of the AoR that it applies to, canonical; undefined or empty = all. */
  readonly domains?: readonly string[] | undefined;
}

interface FlagsPair {
  readonly plain: string;
  readonly nated: string;
}

/** The rules, worked out per domain once, so that a REGISTER costs one lookup. */
export class BranchFlags {
  readonly #byDomain = new Map<string, FlagsPair>();
  readonly #otherDomains: FlagsPair;

  /** @param natBflag usrloc's `nat_bflag`, set on every NATed binding; '' = none. */
  constructor(rules: readonly BranchFlagRule[], natBflag: string) {
    this.#otherDomains = flagsPair(rules, natBflag, undefined);
    for (const rule of rules) {
      for (const domain of rule.domains ?? []) this.#byDomain.set(domain, flagsPair(rules, natBflag, domain));
    }
  }

  /** Names in alphabetical order, separated by one space, as `Binding.cflags` wants them. */
  flagsOf(domain: string, nated: boolean): string {
    const pair = this.#byDomain.size === 0 ? this.#otherDomains : (this.#byDomain.get(domain) ?? this.#otherDomains);
    return nated ? pair.nated : pair.plain;
  }
}

function flagsPair(rules: readonly BranchFlagRule[], natBflag: string, domain: string | undefined): FlagsPair {
  const plain = new Set<string>();
  const nated = new Set<string>(natBflag === '' ? [] : [natBflag]);
  for (const rule of rules) {
    if (!appliesTo(rule, domain)) continue;
    for (const flag of rule.flags) {
      nated.add(flag);
      if (rule.when === 'all') plain.add(flag);
    }
  }
  return { plain: inOrder(plain), nated: inOrder(nated) };
}

function appliesTo(rule: BranchFlagRule, domain: string | undefined): boolean {
  if (rule.domains === undefined || rule.domains.length === 0) return true;
  return domain !== undefined && rule.domains.includes(domain);
}

function inOrder(flags: ReadonlySet<string>): string {
  return [...flags].sort().join(' ');
}
