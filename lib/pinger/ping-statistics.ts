import type { SendOutcome } from '../sip/engine.ts';

/**
 * Why a contact was not pinged when it was its turn. `unsent`: the system refused what the engine had taken; it is in
 * `optionsSent` too.
 */
export type SkipReason = Exclude<SendOutcome, 'sent'> | 'unreadable' | 'unsent';

export interface PingStatistics {
  /** Contacts that take part in the rounds; those that expired are among them until the table forgets them. */
  readonly enrolled: number;
  /** OPTIONS that have neither an answer nor a verdict yet. */
  readonly unanswered: number;
  /** How far the schedule is behind, up to 250 ms when all is well; whole rounds that were missed are not in it. */
  readonly lagMs: number;
  /** So much is lost that nobody is removed. */
  readonly guardActive: boolean;
  /** From here on: since the start of the process. */
  readonly optionsSent: number;
  readonly keepAlivesSent: number;
  readonly answered: number;
  readonly lost: number;
  readonly removed: number;
  /** Contacts hidden on this node instead, because it was out of sync. */
  readonly hidden: number;
  readonly skipped: Readonly<Record<SkipReason, number>>;
  /** Replies in time whose status is no sign of life. */
  readonly ignoredReplies: number;
  /** Replies that no ping waits for: late, repeated, forged, or from a place that the contact has left. */
  readonly strayReplies: number;
}

/** The counters among them, as they count. */
export class PingCounters {
  optionsSent = 0;
  keepAlivesSent = 0;
  answered = 0;
  lost = 0;
  removed = 0;
  hidden = 0;
  readonly skipped: Record<SkipReason, number> = {
    'no-connection': 0,
    'no-socket': 0,
    unresolved: 0,
    refused: 0,
    unreadable: 0,
    unsent: 0,
  };
  ignoredReplies = 0;
  strayReplies = 0;
}
