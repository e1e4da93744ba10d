import { BranchFlags, type BranchFlagRule } from './branch-flags.ts';
import type { AddressOfRecordRules } from './address-of-record.ts';
import type { ExpiryRules } from './expiry.ts';
import { MethodsMemo } from './methods-memo.ts';
import type { PathRules } from './path-policy.ts';
import { HORIZON_S } from '../location/horizon.ts';
import { MEMORY_ONLY } from '../location/record.ts';
import { canonicalHost } from '../sip/canonical-uri.ts';
import type { RegistrarSettings } from './settings.ts';

/** The settings with the flags of `save()` laid over them, and what can be worked out once. */
export interface RegistrarRules {
  readonly addressOfRecord: AddressOfRecordRules;
  readonly expiry: ExpiryRules;
  readonly path: PathRules;
  readonly contacts: ContactRules;
  readonly nat: NatRules;
  readonly branchFlags: BranchFlags;
  readonly methodsMemo: MethodsMemo;
  readonly serviceRoutes: readonly string[];
  readonly retryAfterS: number;
  /** undefined = no limit. */
  readonly replyBytesMax: number | undefined;
  /** `o`: the reply lists the contacts of the request only. */
  readonly onlyRequestContacts: boolean;
}

export interface ContactRules {
  readonly matchingMode: 0 | 1;
  readonly cseqDelayMs: number;
  readonly allowDupCseq: boolean;
  readonly lenientCseq: boolean;
  /** 0 = no limit. */
  readonly maxContacts: number;
  /** `f`: evict instead of refusing. */
  readonly forceRegistration: boolean;
  readonly maxContactLen: number;
  readonly defaultQ: number;
  readonly receivedParam: string;
  /** usrloc's flags of a binding. */
  readonly flags: number;
}

export interface NatRules {
  readonly uacTest: number;
  readonly fix: 'received' | 'contact';
}

export function registrarRules(settings: RegistrarSettings): RegistrarRules {
  const { save, nat } = settings;
  return {
    addressOfRecord: {
      ...settings.addressOfRecord,
      domains: new Set(settings.addressOfRecord.domains.map(canonicalHost)),
    },
    expiry: expiryRules(settings),
    path: { pathMode: save.pathMode, pathReceived: save.pathReceived, maxPathLen: settings.contacts.maxPathLen },
    contacts: contactRules(settings),
    nat: { uacTest: nat.uacTest, fix: nat.fix },
    branchFlags: new BranchFlags(settings.branchFlags.map(withCanonicalDomains), nat.bflag),
    methodsMemo: new MethodsMemo(),
    serviceRoutes: settings.serviceRoutes,
    retryAfterS: settings.retryAfterS,
    replyBytesMax: settings.replyBytesMax,
    onlyRequestContacts: save.onlyRequestContacts,
  };
}

function withCanonicalDomains({ domains, ...rule }: BranchFlagRule): BranchFlagRule {
  return { ...rule, domains: domains?.map(canonicalHost) };
}

function expiryRules({ expiry, save }: RegistrarSettings): ExpiryRules {
  const maxExpiresS = save.maxExpiresS ?? expiry.maxExpiresS;
  return {
    defaultExpiresS: expiry.defaultExpiresS,
    minExpiresS: save.minExpiresS ?? expiry.minExpiresS,
    maxExpiresS: maxExpiresS === 0 ? HORIZON_S : Math.min(maxExpiresS, HORIZON_S),
    expiresMaxDeviationS: expiry.expiresMaxDeviationS,
    minExpiresPolicy: expiry.minExpiresPolicy,
  };
}

function contactRules({ contacts, save }: RegistrarSettings): ContactRules {
  return {
    matchingMode: save.matchingMode ?? contacts.matchingMode,
    cseqDelayMs: contacts.cseqDelayMs,
    allowDupCseq: contacts.allowDupCseq,
    lenientCseq: contacts.lenientCseq,
    maxContacts: save.maxContacts ?? contacts.maxContacts,
    forceRegistration: save.forceRegistration,
    maxContactLen: contacts.maxContactLen,
    defaultQ: contacts.defaultQ,
    receivedParam: contacts.receivedParam,
    flags: save.memoryOnly ? MEMORY_ONLY : 0,
  };
}
