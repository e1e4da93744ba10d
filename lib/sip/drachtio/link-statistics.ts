/**
 * Why there was no connection to drachtio-server any more. `refused`: by its own word, as for a wrong secret. `unread`: it did not read what it was
 * sent, until there was too much of it.
 */
export type LossReason = 'closed' | 'silent' | 'unacknowledged' | 'refused' | 'protocol' | 'unread';

/** @param text as it is told to people; the kind stands first */
export function lossReason(text: string): LossReason {
  const [word = ''] = text.split(':');
  switch (word) {
    case 'silent':
    case 'unacknowledged':
    case 'refused':
    case 'protocol':
    case 'unread':
      return word;
    default:
      return 'closed';
  }
}

/** Counters since the start. */
export class LinkStatistics {
  /** How often the server was connected and ready. */
  connects = 0;
  /** Connections that ended, ready ones and others; attempts that found nobody are not among them. */
  readonly losses: Record<LossReason, number> = {
    closed: 0,
    silent: 0,
    unacknowledged: 0,
    refused: 0,
    protocol: 0,
    unread: 0,
  };
  /** Replies that the server was given and did not send. */
  unsentReplies = 0;
  /** Replies that did not fit into a frame, and were sent with fewer contacts, or as 500. */
  cutReplies = 0;
  /** Requests that were refused since they may have waited while the server stood still. */
  staleRequests = 0;
}
