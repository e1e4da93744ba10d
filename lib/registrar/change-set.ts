import type { Judgement, Order } from '../location/change.ts';
import type { Binding } from '../location/record.ts';
import { isAlive } from '../location/view.ts';
import type { ContactFacts } from './contact-facts.ts';
import type { Wanted } from './contact-limit.ts';
import type { DecisionContext } from './decision-context.ts';
import type { RegisterFacts } from './register-facts.ts';
import type { RegistrarRules } from './rules.ts';

/** One Contact with what is known of it and what it is granted. */
export interface WantedContact extends Wanted {
  readonly contact: ContactFacts;
  /** Seconds; 0 = removal. */
  readonly grantedS: number;
}

/** The orders of a request, in its order, with the judgements on records that its contacts replace. */
export function ordersOf(
  wanted: readonly WantedContact[],
  facts: RegisterFacts,
  context: DecisionContext,
): (Order | Judgement)[] {
  const changes: (Order | Judgement)[] = [];
  for (const each of wanted) {
    changes.push(each.isRemoval ? removal(each.contact, facts) : put(each, facts, context));
    for (const other of each.match.others) {
      // Rule 12 of the replication rules: other keys of the contact are retired by judgement only, so that a newer one wins.
      if (!isAlive(other, context.state.floor, context.nowMs)) continue;
      changes.push({ kind: 'judge', key: other.key, version: other.version, reason: 'replaced' });
    }
  }
  return changes;
}

/** Stamped also when nothing is known under the key: an older binding may exist on the twin. */
function removal({ key, uri }: ContactFacts, { callId, cseq }: RegisterFacts): Order {
  return { kind: 'remove', key, contactUri: uri.text, callId, cseq };
}

function put({ contact, grantedS }: WantedContact, facts: RegisterFacts, { rules, nowMs }: DecisionContext): Order {
  return {
    kind: 'put',
    key: contact.key,
    contactUri: contact.uri.text,
    callId: facts.callId,
    cseq: facts.cseq,
    expiresAtMs: nowMs + grantedS * 1000,
    binding: bindingOf(contact, facts, rules),
  };
}

function bindingOf(contact: ContactFacts, facts: RegisterFacts, rules: RegistrarRules): Binding {
  return {
    q: contact.q,
    received: contact.received,
    path: facts.path.stored,
    instance: contact.instance,
    userAgent: facts.userAgent,
    socket: facts.socket,
    methods: contact.methods ?? facts.allowedMethods,
    flags: rules.contacts.flags,
    cflags: rules.branchFlags.flagsOf(facts.domain, contact.nated),
    attr: '',
  };
}
