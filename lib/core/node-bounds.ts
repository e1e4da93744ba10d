/** What a version stamp and a frame have room for. */
export const NODE_ID_MAX = 65_535;

export const CLUSTER_ID_MAX = 0x7fffffff;

/** `no_ping_retries` of OpenSIPS's clusterer, and the most that makes sense: a silent node is a node that is down. */
export const PING_RETRIES_USUAL = 3;
export const PING_RETRIES_MAX = 1000;
