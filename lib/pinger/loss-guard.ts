import { GUARDED_LEAST, type RecentContacts } from './recent-contacts.ts';

const BUCKETS = 16;

/** So many pings in a row that nobody replied to, in the order of sending, are no accident but a cut. */
const CUT_ROW = GUARDED_LEAST;
/** The same where a single lost ping is all that speaks against the contact. */
const CUT_ROW_FOR_ONE = 3;
/** The last twenty verdicts, a bit each. */
const RECENT_MASK = 2 ** GUARDED_LEAST - 1;

/** A contact that lost `max_pings_lost` pings in a row or more, and what its neighbours in the order of sending say. */
export interface Loss {
  /** Of the last ping. */
  readonly sentAtMs: number;
  readonly lostInARow: number;
  /** Pings around it that nobody replied to, in a row, this one included. 0: it was replied to, though by no sign of life. */
  readonly row: number;
  /** No ping that was sent later has been replied to. */
  readonly isOpen: boolean;
}

/** `wait`: whether our network worked shows when a ping that was sent later is replied to. */
export type Verdict = 'remove' | 'wait' | 'keep';

/**
 * Whether so much is lost that our own network is more likely at fault than the phones; then nobody is removed.
 *
 * It looks at pings in the order of sending, each with what became of it: at a lost ping's verdict, all that were sent
 * before it have theirs. With fewer than twenty contacts it has no opinion, and a contact goes at the very verdict. With
 * more, that verdict needs witnesses that our network worked when the ping was sent:
 *
 * - *The round*: of the pings sent in the interval up to it (at least twenty), no more than half are lost. Else the guard
 *   is *bad*, until nothing was for an interval. Whoever lost two pings or more lost them over a whole round, so that this
 *   covers a cut, whole or half, that would explain them. In the first round after a start or a promotion, however little
 *   has come in of it counts too.
 * - *The row*: pings on both sides of it were replied to. Where none on the later side was yet, and twenty were sent,
 *   our network is silent: bad. With fewer sent, the contact waits; the next reply, a moment later, decides, so that it
 *   goes then or the row was long. Twenty unanswered in a row are a cut, and nobody in it goes, be it over by then.
 * - *A single lost ping* (`max_pings_lost` 1) is weak: three in a row, or more than half of the last twenty, are enough to
 *   let the contact stay. If the next one is lost too, that counts as two. A cut that catches one or two pings looks like two
 *   phones that are gone; that much is left.
 *
 * Who stays goes with the next ping that is lost when all is well again.
 */
export class LossGuard {
  readonly #contacts: RecentContacts;
  readonly #intervalMs: number;
  readonly #thresholdMs: number;
  readonly #beganMs: number;
  readonly #answered = new Uint32Array(BUCKETS + 1);
  readonly #lost = new Uint32Array(BUCKETS + 1);
  #bucket: number;
  #answeredSum = 0;
  #lostSum = 0;
  #recent = 0;
  #badAtMs = -Infinity;

  constructor(contacts: RecentContacts, intervalMs: number, thresholdMs: number, nowMs: number) {
    this.#contacts = contacts;
    this.#intervalMs = intervalMs;
    this.#thresholdMs = thresholdMs;
    this.#beganMs = nowMs;
    this.#bucket = Math.floor((nowMs - intervalMs) / this.#bucketMs);
  }

  /** In the order of sending, together with `lost`. */
  answered(sentAtMs: number): void {
    this.#turnTo(sentAtMs);
    this.#answered[this.#place] = (this.#answered[this.#place] ?? 0) + 1;
    this.#answeredSum++;
    this.#recent = (this.#recent << 1) & RECENT_MASK;
  }

  /** In the order of sending, together with `answered`. */
  lost(sentAtMs: number, isHeard: boolean): void {
    this.#turnTo(sentAtMs);
    this.#lost[this.#place] = (this.#lost[this.#place] ?? 0) + 1;
    this.#lostSum++;
    this.#recent = ((this.#recent << 1) | (isHeard ? 0 : 1)) & RECENT_MASK;
    const isRoundBad = this.#answeredSum + this.#lostSum >= GUARDED_LEAST && this.#mostAreLost;
    if (isRoundBad && this.#areEnough(sentAtMs)) this.#isBadAt(sentAtMs);
  }

  /** A ping is overdue, and so many were sent after it, of which none has been replied to. */
  unheardSince(sentLater: number, nowMs: number): void {
    if (sentLater >= CUT_ROW && this.#areEnough(nowMs)) this.#isBadAt(nowMs);
  }

  /** Our network looks broken, or did when pings were sent that are judged now. */
  isBad(nowMs: number): boolean {
    return nowMs < this.#badAtMs + this.#intervalMs + this.#thresholdMs;
  }

  /** There are too few contacts for an opinion. While the first round is not over, that is sure only by how many are enrolled. */
  hasNoOpinion(enrolled: number, nowMs: number): boolean {
    if (this.#areEnough(nowMs)) return false;
    return enrolled < GUARDED_LEAST || nowMs >= this.#beganMs + this.#intervalMs + this.#bucketMs;
  }

  judge(loss: Loss, enrolled: number, nowMs: number): Verdict {
    if (this.hasNoOpinion(enrolled, nowMs)) return 'remove';
    if (loss.sentAtMs < this.#badAtMs + this.#intervalMs) return 'keep';
    if (loss.isOpen) return 'wait';
    const isFirstRound = loss.sentAtMs < this.#beganMs + this.#intervalMs;
    if (isFirstRound && this.#mostAreLost) return 'keep';
    return this.#isInCut(loss) ? 'keep' : 'remove';
  }

  /** Verdicts of the last round. */
  get round(): { readonly answered: number; readonly lost: number } {
    return { answered: this.#answeredSum, lost: this.#lostSum };
  }

  #isInCut({ row, lostInARow }: Loss): boolean {
    if (lostInARow > 1) return row >= CUT_ROW;
    return row >= CUT_ROW_FOR_ONE || 2 * ones(this.#recent) > GUARDED_LEAST;
  }

  /** Two intervals, since a round may be late. */
  #areEnough(nowMs: number): boolean {
    return this.#contacts.areEnoughSince(nowMs - 2 * this.#intervalMs - this.#thresholdMs);
  }

  #isBadAt(atMs: number): void {
    this.#badAtMs = Math.max(this.#badAtMs, atMs);
  }

  get #mostAreLost(): boolean {
    return this.#lostSum > this.#answeredSum;
  }

  get #bucketMs(): number {
    return this.#intervalMs / BUCKETS;
  }

  get #place(): number {
    return this.#bucket % (BUCKETS + 1);
  }

  #turnTo(sentAtMs: number): void {
    const bucket = Math.floor(sentAtMs / this.#bucketMs);
    this.#bucket = Math.max(this.#bucket, bucket - BUCKETS - 1);
    while (this.#bucket < bucket) {
      this.#bucket++;
      this.#answeredSum -= this.#answered[this.#place] ?? 0;
      this.#lostSum -= this.#lost[this.#place] ?? 0;
      this.#answered[this.#place] = 0;
      this.#lost[this.#place] = 0;
    }
  }
}

function ones(bits: number): number {
  let count = 0;
  for (let rest = bits; rest !== 0; rest &= rest - 1) count++;
  return count;
}
