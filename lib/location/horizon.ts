/**
 * H: no binding lives longer than this after it was written, unless it is permanent. A constant of the protocol and not a
 * setting, because how long records must be remembered follows from it on every node alike.
 */
export const HORIZON_S = 86_400;
export const HORIZON_MS = HORIZON_S * 1000;

/** What clocks may differ by (60 s), with more than 12 s to spare: added to H before anything is forgotten. */
export const FORGET_MARGIN_MS = 90_000;

/**
 * How long a request may still arrive again after its first copy (64·T1 of SIP, and a reserve). For that long the Call-ID
 * and CSeq of dead records and floors are needed to tell a late copy from a new request.
 */
export const LATE_COPY_MS = 40_000;
