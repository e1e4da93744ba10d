import type { Clock } from '../core/clock.ts';
import { DurationHistogram } from '../core/duration-histogram.ts';
import type { Log } from '../core/log.ts';
import type { Random } from '../core/random.ts';
import { ReasonCounts } from '../core/reason-counts.ts';
import type { LocationTable, Refused } from '../location/location-table.ts';
import type { CommitGate, GateName } from '../location/ports.ts';
import type { AorState, PutRecord } from '../location/record.ts';
import type { InboundRequest, SipReply } from '../sip/engine.ts';
import { Fault } from '../sip/fault.ts';
import { namedAddressOfRecord } from './address-of-record.ts';
import { CollisionLog } from './collision-log.ts';
import { decide, type Decision } from './decide.ts';
import type { RegisterOutcome, RegisterWitness, RegistrarObserver } from './ports.ts';
import { readRegister, type RegisterFacts } from './register-facts.ts';
import { ReplyBuilder } from './reply-builder.ts';
import { ALWAYS_FITTING } from './reply-room.ts';
import { LastRefusals, type LastRefusal } from './last-refusals.ts';
import { registrarRules, type RegistrarRules } from './rules.ts';
import type { RegistrarSettings } from './settings.ts';

export interface RegistrarParts {
  readonly settings: RegistrarSettings;
  readonly table: LocationTable;
  /** All gates that a reply waits for, as one. */
  readonly gate: CommitGate;
  readonly clusterClock: { nowMs(): number };
  /** For how long requests take. */
  readonly clock: Pick<Clock, 'monotonicMs'>;
  readonly random: Random;
  readonly log: Log;
  readonly observer?: RegistrarObserver;
}

/** By OpenSIPS's names; counters since the start, and three settings that it shows among them. */
export interface RegistrarStatistics {
  readonly accepted_regs: number;
  readonly rejected_regs: number;
  /** Bindings taken over with another Call-ID and another `received`. */
  readonly contact_collisions: number;
  readonly max_contacts: number;
  /** Seconds. */
  readonly max_expires: number;
  /** Seconds. */
  readonly default_expire: number;
}

/** What else is counted of the requests, since the start. */
export interface RegisterCounts {
  readonly outcomes: Readonly<Record<RegisterOutcome, number>>;
  /** By status and reason, `400 Invalid CSeq`; at most REFUSAL_REASONS_MAX of them, the rest under one name. */
  readonly refusals: ReadonlyMap<string, number>;
  readonly lastRefusals: readonly LastRefusal[];
  /** Cluster time of the last request that was granted; 0 before the first. */
  readonly lastAcceptedMs: number;
  /** From the handler's call to the reply, the wait for the gates included; granted requests only. */
  readonly serviceTimes: DurationHistogram;
}

const NO_BINDINGS: readonly PutRecord[] = [];

/** Reasons hold no text of the sender, so there are only so many; should that ever fail, memory and metrics stay bounded. */
export const REFUSAL_REASONS_MAX = 64;

/** Without waiting for a disk or a twin a request takes tens of microseconds; phones send again after 500 ms. */
const SERVICE_BOUNDS_MS = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 25, 50, 100, 250, 500, 1000];

const NOBODY: RegistrarObserver = { isWatching: false, witnessOf: () => undefined };

/** One request on its way, beside what it says. */
interface Passage {
  readonly inbound: InboundRequest;
  readonly nowMs: number;
  /** Monotonic. */
  readonly startedMs: number;
  readonly witness: RegisterWitness | undefined;
}

/**
 * Serves REGISTER (RFC 3261 §10.3, OpenSIPS's `save()`): facts, decision, commit, reply.
 *
 * The reply is fixed right after the request's own change (a query's or retransmission's: on arrival), and waits for the
 * gates, removals and empty lists too: only then is what it says true wherever the phone may turn to.
 */
export class Registrar {
  #rules: RegistrarRules;
  readonly #table: LocationTable;
  readonly #gate: CommitGate;
  readonly #clusterClock: { nowMs(): number };
  readonly #clock: Pick<Clock, 'monotonicMs'>;
  readonly #random: Random;
  readonly #log: Log;
  readonly #observer: RegistrarObserver;
  #replies: ReplyBuilder;
  readonly #collisions: CollisionLog;
  readonly #outcomes = { stored: 0, query: 0, retransmission: 0 };
  readonly #refusals = new ReasonCounts(REFUSAL_REASONS_MAX);
  readonly #lastRefusals = new LastRefusals();
  readonly #serviceTimes = new DurationHistogram(SERVICE_BOUNDS_MS);
  #rejected = 0;
  #lastAcceptedMs = 0;

  constructor({ settings, table, gate, clusterClock, clock, random, log, observer }: RegistrarParts) {
    this.#rules = registrarRules(settings);
    this.#table = table;
    this.#gate = gate;
    this.#clusterClock = clusterClock;
    this.#clock = clock;
    this.#random = random;
    this.#log = log;
    this.#observer = observer ?? NOBODY;
    this.#replies = replyBuilder(this.#rules);
    this.#collisions = new CollisionLog(log);
  }

  /** From the next request on; what is bound already stays as it is. `addressOfRecord` must be what it was: the table's keys follow it. */
  reconfigure(settings: RegistrarSettings): void {
    this.#rules = registrarRules(settings);
    this.#replies = replyBuilder(this.#rules);
  }

  /** For REGISTER requests only. Replies once, at once or when the gates let it; a refusal changed nothing and waits for nothing. */
  handle(inbound: InboundRequest): void {
    const startedMs = this.#clock.monotonicMs();
    const nowMs = this.#clusterClock.nowMs();
    const facts = readRegister(inbound, this.#rules);
    const witness = this.#observer.isWatching ? this.#witnessOf(inbound, facts) : undefined;
    const passage: Passage = { inbound, nowMs, startedMs, witness };
    const refused = facts instanceof Fault ? facts : this.#serve(passage, facts);
    if (refused !== undefined) this.#refuse(passage, refused);
  }

  statistics(): RegistrarStatistics {
    const { stored, query, retransmission } = this.#outcomes;
    return {
      accepted_regs: stored + query + retransmission,
      rejected_regs: this.#rejected,
      contact_collisions: this.#collisions.count,
      max_contacts: this.#rules.contacts.maxContacts,
      max_expires: this.#rules.expiry.maxExpiresS,
      default_expire: this.#rules.expiry.defaultExpiresS,
    };
  }

  counts(): RegisterCounts {
    return {
      outcomes: this.#outcomes,
      refusals: this.#refusals.all(),
      lastRefusals: this.#lastRefusals.all(),
      lastAcceptedMs: this.#lastAcceptedMs,
      serviceTimes: this.#serviceTimes,
    };
  }

  /** A refused request is traced as well, where To names somebody: what its sender did wrong is what the operator looks for. */
  #witnessOf(inbound: InboundRequest, facts: RegisterFacts | Fault): RegisterWitness | undefined {
    const aor = facts instanceof Fault ? namedAddressOfRecord(inbound.request, this.#rules.addressOfRecord) : facts.aor;
    return aor === undefined ? undefined : this.#observer.witnessOf(aor, inbound);
  }

  #serve(passage: Passage, facts: RegisterFacts): Fault | undefined {
    const { nowMs, witness } = passage;
    const state = this.#table.read(facts.aor);
    const decision = this.#decide(facts, state, nowMs);
    if (decision instanceof Fault) return decision;
    const after = this.#commit(facts.aor, decision, state, nowMs);
    if (after instanceof Fault) return after;
    if (decision.collides) this.#collisions.record(facts.aor, nowMs);
    const outcome = outcomeOf(facts, decision);
    this.#outcomes[outcome]++;
    this.#lastAcceptedMs = nowMs;
    const reply = this.#replies.ok(this.#bindingsShown(facts, after, nowMs), facts.path.echoed, nowMs);
    witness?.accepted(outcome, decision.changes);
    const held = witness === undefined ? undefined : (gate: GateName) => witness.heldBy(gate);
    this.#gate.settle(facts.aor, () => this.#answer(passage, reply), held);
    return undefined;
  }

  #answer({ inbound, startedMs, witness }: Passage, reply: SipReply): void {
    witness?.replies(reply);
    inbound.reply(reply);
    this.#serviceTimes.observe(this.#clock.monotonicMs() - startedMs);
  }

  #decide(facts: RegisterFacts, state: AorState, nowMs: number): Decision | Fault {
    const { contacts, replyBytesMax } = this.#rules;
    const mayLackRoom = replyBytesMax !== undefined && state.records.length + facts.contacts.length > ALWAYS_FITTING;
    const live = contacts.maxContacts > 0 || mayLackRoom ? this.#table.live(state, nowMs) : NO_BINDINGS;
    return decide(facts, { state, live, rules: this.#rules, nowMs, random: this.#random });
  }

  /** The AoR as it is afterwards. */
  #commit(aor: string, { changes }: Decision, before: AorState, nowMs: number): AorState | Fault {
    if (changes.length === 0) return before;
    const outcome = this.#table.commit({ aor, origin: 'sip', changes }, nowMs);
    return 'refused' in outcome ? tableFull(outcome) : this.#table.read(aor);
  }

  #bindingsShown(facts: RegisterFacts, state: AorState, nowMs: number): readonly PutRecord[] {
    const live = this.#table.live(state, nowMs);
    if (!this.#rules.onlyRequestContacts || facts.asks !== 'contacts') return live;
    return live.filter((record) => facts.contacts.some((contact) => contact.key === record.key));
  }

  #refuse({ inbound, nowMs, witness }: Passage, fault: Fault): void {
    this.#rejected++;
    const { request, sourceAddress, sourcePort } = inbound;
    const { transport } = inbound.socket;
    const reason = `${String(fault.status)} ${explanationOf(fault)}`;
    const to = request.header('to') ?? '';
    this.#refusals.count(reason);
    this.#lastRefusals.note({ atMs: nowMs, to, transport, sourceAddress, sourcePort, reason });
    this.#log.debug(
      { status: fault.status, reason, to, callId: request.callId, sourceAddress, sourcePort },
      'REGISTER refused',
    );
    witness?.refused(fault);
    const reply = this.#replies.refusal(fault);
    witness?.replies(reply);
    inbound.reply(reply);
  }
}

function replyBuilder({ serviceRoutes, retryAfterS, expiry }: RegistrarRules): ReplyBuilder {
  return new ReplyBuilder({ serviceRoutes, retryAfterS, maxExpiresS: expiry.maxExpiresS });
}

function outcomeOf({ asks }: RegisterFacts, { changes }: Decision): RegisterOutcome {
  if (changes.length > 0) return 'stored';
  return asks === 'query' ? 'query' : 'retransmission';
}

/** A general reason phrase has what it means here beside it. */
function explanationOf({ reason, headers }: Fault): string {
  if (headers.length === 0) return reason;
  return headers.find(([name]) => name === 'P-Registrar-Error')?.[1] ?? reason;
}

/** A record is never dropped to make room: what is dead still outranks older copies elsewhere. */
function tableFull({ refused }: Refused): Fault {
  const text = refused === 'aors' ? 'Too many addresses of record' : 'Too many contacts lately';
  return new Fault(503, 'Service Unavailable', [['P-Registrar-Error', text]]);
}
