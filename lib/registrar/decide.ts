import type { Judgement, Order } from '../location/change.ts';
import type { LocationRecord } from '../location/record.ts';
import { isAlive } from '../location/view.ts';
import { Fault } from '../sip/fault.ts';
import { sameUri } from '../sip/same-uri.ts';
import { ordersOf, type WantedContact } from './change-set.ts';
import { evictions } from './contact-limit.ts';
import type { ContactFacts } from './contact-facts.ts';
import { cseqVerdict, graver, type CseqVerdict } from './cseq-check.ts';
import type { DecisionContext } from './decision-context.ts';
import { grantExpires } from './expiry.ts';
import { RecordMatcher, type Match } from './matching.ts';
import type { RegisterFacts } from './register-facts.ts';
import { replyRoomFault } from './reply-room.ts';

/** What a REGISTER that is granted does; its answer shows the AoR as it is afterwards. */
export interface Decision {
  /** One change set. None: a query, or a retransmission, which is answered with what the table shows now. */
  readonly changes: readonly (Order | Judgement)[];
  /** Whether it took over a live binding of another Call-ID at another place: two phones behind two NATs may share a contact. */
  readonly collides: boolean;
}

const NOTHING_TO_DO: Decision = { changes: [], collides: false };
const INVALID_CSEQ = new Fault(400, 'Invalid CSeq');

/** RFC 3261 §10.3 steps 6 to 8 on values: all that the request does, or why it does nothing. */
export function decide(facts: RegisterFacts, context: DecisionContext): Decision | Fault {
  switch (facts.asks) {
    case 'query':
      return NOTHING_TO_DO;
    case 'star':
      return decideStar(facts, context);
    case 'contacts':
      return decideContacts(facts, context);
  }
}

/** `*` leaves one mark for the whole AoR, also when nothing is known here. Like any removal it must not come too late. */
function decideStar(facts: RegisterFacts, context: DecisionContext): Decision | Fault {
  const { callId, cseq } = facts;
  const { state, rules, nowMs } = context;
  for (const record of state.records) {
    const alive = isAlive(record, state.floor, nowMs);
    // A record with the same CSeq was not written by this `*`, so this is no retransmission.
    if (cseqVerdict(callId, cseq, record, alive, rules.contacts, nowMs) !== 'fresh') return INVALID_CSEQ;
  }
  const verdict = floorVerdict(facts, context);
  if (verdict === 'invalid') return INVALID_CSEQ;
  if (verdict === 'retransmission') return NOTHING_TO_DO;
  return { changes: [{ kind: 'floor', callId, cseq }], collides: false };
}

/** What an earlier `*` says. */
function floorVerdict({ callId, cseq }: RegisterFacts, { state, rules, nowMs }: DecisionContext): CseqVerdict {
  return state.floor === undefined ? 'fresh' : cseqVerdict(callId, cseq, state.floor, false, rules.contacts, nowMs);
}

function decideContacts(facts: RegisterFacts, context: DecisionContext): Decision | Fault {
  const { state, rules } = context;
  const matcher = new RecordMatcher(state.records, facts.callId, rules.contacts.matchingMode);
  const matches = facts.contacts.map((contact) => matcher.matchOf(contact));
  const verdict = contactsVerdict(matches, facts, context);
  if (verdict === 'invalid') return INVALID_CSEQ;
  if (verdict === 'retransmission') return NOTHING_TO_DO;
  const wanted = grantAll(facts.contacts, matches, context);
  if (wanted instanceof Fault) return wanted;
  const evicted = evictions(wanted, context.live, rules.contacts);
  if (evicted instanceof Fault) return evicted;
  const noRoom = roomFault(wanted, evicted, facts, context);
  if (noRoom !== undefined) return noRoom;
  const changes = ordersOf(wanted, facts, context);
  for (const judgement of evicted) changes.push(judgement);
  return { changes, collides: wanted.some((each) => isCollision(each, facts.callId, context)) };
}

/** What is evicted is not listed, but then the AoR is at its max_contacts, which is small. */
function roomFault(
  wanted: readonly WantedContact[],
  evicted: readonly Judgement[],
  { path }: RegisterFacts,
  { live, rules }: DecisionContext,
): Fault | undefined {
  if (rules.replyBytesMax === undefined) return undefined;
  const gone = new Set(evicted.map(({ key }) => key));
  const left = gone.size === 0 ? live : live.filter(({ key }) => !gone.has(key));
  const routes = rules.serviceRoutes.reduce((sum, route) => sum + 'Service-Route: \r\n'.length + route.length, 0);
  return replyRoomFault(wanted, left, path.echoed.length + routes, rules.replyBytesMax);
}

/**
 * Of the whole request: since it is carried out as one, one Contact whose record bears its Call-ID and CSeq shows that all
 * of it was, also when another phone wrote the other Contacts since.
 */
function contactsVerdict(matches: readonly Match[], facts: RegisterFacts, context: DecisionContext): CseqVerdict {
  // A `*` with the same CSeq was another request, so this is no retransmission of it.
  let verdict: CseqVerdict = floorVerdict(facts, context) === 'fresh' ? 'fresh' : 'invalid';
  for (const { own, others } of matches) {
    if (own !== undefined) verdict = graver(verdict, recordVerdict(own, facts, context));
    for (const other of others) verdict = graver(verdict, recordVerdict(other, facts, context));
  }
  return verdict;
}

function recordVerdict(
  record: LocationRecord,
  { callId, cseq }: RegisterFacts,
  { state, rules, nowMs }: DecisionContext,
): CseqVerdict {
  return cseqVerdict(callId, cseq, record, isAlive(record, state.floor, nowMs), rules.contacts, nowMs);
}

/** The Contacts that count, each with what it is granted. One that is too brief refuses them all. */
function grantAll(
  contacts: readonly ContactFacts[],
  matches: readonly Match[],
  { rules, random }: DecisionContext,
): readonly WantedContact[] | Fault {
  const wanted: WantedContact[] = [];
  for (let index = 0; index < contacts.length; index++) {
    const contact = contacts[index];
    const match = matches[index];
    if (contact === undefined || match === undefined || isRepeated(contact, wanted)) continue;
    const grantedS = grantExpires(contact.askedS, rules.expiry, random);
    if (grantedS instanceof Fault) return grantedS;
    wanted.push({ contact, match, grantedS, isRemoval: grantedS === 0 });
  }
  return wanted;
}

/**
 * Of one contact that a request names twice the first counts, but for a binding after a removal: phones renew a Contact
 * under other parameters like this. OpenSIPS, which goes through the list, comes to the same.
 */
function isRepeated(contact: ContactFacts, earlier: readonly WantedContact[]): boolean {
  return earlier.some((each) => (!each.isRemoval || contact.askedS === 0) && isSameContact(each.contact, contact));
}

function isSameContact(a: ContactFacts, b: ContactFacts): boolean {
  return a.key === b.key || sameUri(a.uri, b.uri);
}

/** Two phones behind two NATs that have one private contact write over each other; so does one that rebooted behind a new NAT binding. */
function isCollision(
  { contact, match, isRemoval }: WantedContact,
  callId: string,
  { state, nowMs }: DecisionContext,
): boolean {
  const { own } = match;
  if (isRemoval || own === undefined || own.callId === callId || !isAlive(own, state.floor, nowMs)) return false;
  return own.binding.received !== contact.received;
}
