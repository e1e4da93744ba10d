import type { Judgement } from '../location/change.ts';
import type { GateName } from '../location/ports.ts';
import type { RegisterOutcome } from '../registrar/ports.ts';

/**
 * What happened to one AoR. All text is in byte strings, as it was; who shows it redacts the secrets in it. Programs read
 * it: keys are added, and never change their meaning.
 */
export type TraceEvent =
  | {
      readonly event: 'received';
      /** The same in all events of one request. */
      readonly request: number;
      /** `udp:192.0.2.10:5060`. */
      readonly source: string;
      readonly socket: string;
      /** The whole request. */
      readonly text: string;
    }
  | {
      readonly event: 'accepted';
      readonly request: number;
      readonly outcome: RegisterOutcome;
      readonly call_id: string;
      readonly cseq: number;
      readonly changes: readonly TraceChange[];
    }
  | {
      readonly event: 'refused';
      readonly request: number;
      readonly status: number;
      readonly reason: string;
      readonly call_id: string;
      readonly cseq: number;
    }
  | {
      readonly event: 'sent';
      readonly request: number;
      readonly status: number;
      readonly reason: string;
      /** The reply's own headers; Via, From, To, Call-ID and CSeq are those of the request. */
      readonly headers: readonly (readonly [name: string, value: string])[];
      /** How long the reply waited after it was decided. */
      readonly waited_ms: number;
      /** For what: the gates that did not let it go at once, whether they let it go later or were given up. */
      readonly waited_for: readonly GateName[];
    }
  /** Not by a request of the phone: by an operator (`mi`), for lost pings, from the twin. */
  | {
      readonly event: 'changed';
      readonly by: 'mi' | 'ping' | 'peer' | 'disk';
      readonly changes: readonly TraceChange[];
    }
  | { readonly event: 'expired'; readonly contact: string }
  | {
      readonly event: 'ping_sent';
      readonly contact: string;
      readonly kind: 'options' | 'keep-alive';
      /** `udp:192.0.2.10:5060`. */
      readonly to: string;
    }
  | {
      readonly event: 'ping_answered';
      readonly contact: string;
      readonly status: number;
      readonly latency_ms: number;
    }
  | { readonly event: 'ping_lost'; readonly contact: string; readonly lost_in_a_row: number }
  /** More happened at once than a trace shows. */
  | { readonly event: 'skipped'; readonly count: number };

/** Why this node judged a contact gone; `gone`: on another node, which did not say. */
export type Verdict = Judgement['reason'] | 'gone';

export type TraceChange =
  | {
      readonly what: 'added' | 'refreshed';
      readonly contact: string;
      readonly expires_s: number | 'permanent';
      /** Absent when the Contact itself can be trusted. */
      readonly received?: string;
      readonly path?: string;
    }
  | {
      /** `not-there`: it was asked to go and was not registered. */
      readonly what: 'removed' | 'not-there' | Verdict;
      readonly contact: string;
    }
  /** `Contact: *`, or an operator's `ul_rm`: everything that was there is gone. */
  | { readonly what: 'all-removed' };

/** A moment, ISO 8601 by the wall clock, and what happened then. */
export type TimedEvent = TraceEvent & { readonly at: string };
