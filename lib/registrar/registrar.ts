import type { Log } from '../core/log.ts';
import type { Random } from '../core/random.ts';
import type { LocationTable, Refused } from '../location/location-table.ts';
import type { CommitGate } from '../location/ports.ts';
import type { AorState, PutRecord } from '../location/record.ts';
import type { InboundRequest } from '../sip/engine.ts';
import { Fault } from '../sip/fault.ts';
import { CollisionLog } from './collision-log.ts';
import { decide, type Decision } from './decide.ts';
import { readRegister, type RegisterFacts } from './register-facts.ts';
import { ReplyBuilder } from './reply-builder.ts';
import { registrarRules, type RegistrarRules } from './rules.ts';
import type { RegistrarSettings } from './settings.ts';

export interface RegistrarParts {
  readonly settings: RegistrarSettings;
  readonly table: LocationTable;
  /** All gates that a reply waits for, as one. */
  readonly gate: CommitGate;
  readonly clusterClock: { nowMs(): number };
  readonly random: Random;
  readonly log: Log;
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

const NO_BINDINGS: readonly PutRecord[] = [];

/**
 * Serves REGISTER (RFC 3261 §10.3, OpenSIPS's `save()`): facts, decision, commit, reply.
 *
 * The reply is fixed right after the request's own change (a query's or retransmission's: on arrival), and waits for the
 * gates, removals and empty lists too: only then is what it says true wherever the phone may turn to.
 */
export class Registrar {
  readonly #rules: RegistrarRules;
  readonly #table: LocationTable;
  readonly #gate: CommitGate;
  readonly #clusterClock: { nowMs(): number };
  readonly #random: Random;
  readonly #log: Log;
  readonly #replies: ReplyBuilder;
  readonly #collisions: CollisionLog;
  #accepted = 0;
  #rejected = 0;

  constructor({ settings, table, gate, clusterClock, random, log }: RegistrarParts) {
    this.#rules = registrarRules(settings);
    this.#table = table;
    this.#gate = gate;
    this.#clusterClock = clusterClock;
    this.#random = random;
    this.#log = log;
    const { serviceRoutes, retryAfterS, expiry } = this.#rules;
    this.#replies = new ReplyBuilder({ serviceRoutes, retryAfterS, maxExpiresS: expiry.maxExpiresS });
    this.#collisions = new CollisionLog(log);
  }

  /** For REGISTER requests only. Replies once, at once or when the gates let it; a refusal changed nothing and waits for nothing. */
  handle(inbound: InboundRequest): void {
    const nowMs = this.#clusterClock.nowMs();
    const facts = readRegister(inbound, this.#rules);
    if (facts instanceof Fault) return this.#refuse(inbound, facts);
    const refused = this.#serve(inbound, facts, nowMs);
    if (refused !== undefined) this.#refuse(inbound, refused);
  }

  statistics(): RegistrarStatistics {
    return {
      accepted_regs: this.#accepted,
      rejected_regs: this.#rejected,
      contact_collisions: this.#collisions.count,
      max_contacts: this.#rules.contacts.maxContacts,
      max_expires: this.#rules.expiry.maxExpiresS,
      default_expire: this.#rules.expiry.defaultExpiresS,
    };
  }

  #serve(inbound: InboundRequest, facts: RegisterFacts, nowMs: number): Fault | undefined {
    const state = this.#table.read(facts.aor);
    const decision = this.#decide(facts, state, nowMs);
    if (decision instanceof Fault) return decision;
    const after = this.#commit(facts.aor, decision, state, nowMs);
    if (after instanceof Fault) return after;
    if (decision.collides) this.#collisions.record(facts.aor, nowMs);
    this.#accepted++;
    const reply = this.#replies.ok(this.#bindingsShown(facts, after, nowMs), facts.path.echoed, nowMs);
    this.#gate.settle(facts.aor, () => inbound.reply(reply));
    return undefined;
  }

  #decide(facts: RegisterFacts, state: AorState, nowMs: number): Decision | Fault {
    const live = this.#rules.contacts.maxContacts > 0 ? this.#table.live(state, nowMs) : NO_BINDINGS;
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

  #refuse(inbound: InboundRequest, fault: Fault): void {
    this.#rejected++;
    const { request, sourceAddress, sourcePort } = inbound;
    const from = { to: request.header('to'), callId: request.callId, sourceAddress, sourcePort };
    this.#log.debug({ status: fault.status, reason: fault.reason, ...from }, 'REGISTER refused');
    inbound.reply(this.#replies.refusal(fault));
  }
}

/** A record is never dropped to make room: what is dead still outranks older copies elsewhere. */
function tableFull({ refused }: Refused): Fault {
  const text = refused === 'aors' ? 'Too many addresses of record' : 'Too many contacts lately';
  return new Fault(503, 'Service Unavailable', [['P-Registrar-Error', text]]);
}
