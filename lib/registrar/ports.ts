import type { Judgement, Order } from '../location/change.ts';
import type { GateName } from '../location/ports.ts';
import type { InboundRequest, SipReply } from '../sip/engine.ts';
import type { Fault } from '../sip/fault.ts';

/**
 * What a granted REGISTER did: wrote bindings; asked for them; or came again, so that its answer was repeated and nothing
 * written.
 */
export type RegisterOutcome = 'stored' | 'query' | 'retransmission';

/** Hears of the REGISTERs of some AoRs; for traces. It is called synchronously, changes nothing and must not throw. */
export interface RegistrarObserver {
  /** Whether any AoR is watched. It is read for each request, and nothing else happens while it is false. */
  readonly isWatching: boolean;
  /** The one who hears of this request, which has just arrived; undefined when nobody watches its AoR. */
  witnessOf(aor: string, inbound: InboundRequest): RegisterWitness | undefined;
}

/** Hears of one request: what was decided, once; what its reply has to wait for; then what was sent, once. */
export interface RegisterWitness {
  /** @param changes what was asked of the table, which has told its listeners by now what came of it. */
  accepted(outcome: RegisterOutcome, changes: readonly (Order | Judgement)[]): void;
  refused(fault: Fault): void;
  /** After `accepted`, once for each gate that does not let the reply go at once; a refusal waits for nothing. */
  heldBy(gate: GateName): void;
  /** The reply goes now; whether it gets out of here the engine counts. */
  replies(reply: SipReply): void;
}
