/** Fixed limits, OpenSIPS's own, in octets; what is longer is refused with 400, but for the User-Agent. */
export const CALL_ID_LEN_MAX = 255;
export const RECEIVED_LEN_MAX = 255;
export const INSTANCE_LEN_MAX = 255;

/** A longer User-Agent is stored as `n/a`, like a missing one. */
export const USER_AGENT_LEN_MAX = 255;

/** RFC 3261 §20.19: an interval is at most 2^32-1 seconds; what is more is malformed. */
export const EXPIRES_MAX_S = 0xffffffff;
