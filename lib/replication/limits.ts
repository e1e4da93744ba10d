/** Version of the protocol that this program speaks; there is one so far. */
export const PROTOCOL_VERSION = 1;

/** Octets of a frame's body before the other end has proved who it is. */
export const GREETING_BYTES_MAX = 1024;

/** SIP listeners in a HELLO: so many fit into GREETING_BYTES_MAX whatever their addresses are. Of a node with more none is told. */
export const HELLO_LISTENERS_MAX = 16;

/** Octets of a frame's body afterwards. A length above it ends the connection before anything of it is kept. */
export const BODY_BYTES_MAX = 256 * 1024;

/** A log frame is closed when it has so many octets; one change set may make it longer, up to BODY_BYTES_MAX. */
export const LOG_FRAME_BYTES = 32 * 1024;

/** Octets of log frames that may be under way unacknowledged. What is behind waits in the ring. */
export const LOG_WINDOW_BYTES = 1024 * 1024;

/** Octets of reconciliation frames that may be under way: so much stands before a heartbeat at most. */
export const BULK_WINDOW_BYTES = 256 * 1024;

/** A frame with states is closed when it has so many octets. */
export const STATES_FRAME_BYTES = 32 * 1024;

/** Bucket digests in one frame. */
export const DIGESTS_PER_FRAME = 1024;

/** AoRs of one bucket that are compared one by one; a fuller bucket is sent as a whole. */
export const PAIRS_MAX = 4096;

/** Buckets whose AoRs have been asked for and are not dealt with yet. */
export const WANTED_MAX = 64;

/** Records that an AoR may have here and in a state that comes, together: more than twice what `max_records_per_aor` can be on each node. */
export const MERGED_RECORDS_MAX = 4 * 4096;

/** Connections that have not proved who they are. One more, and the oldest of them goes. */
export const GREETING_LINKS_MAX = 64;

/** For so long a connection may take to prove who it is. */
export const GREETING_TIMEOUT_MS = 3000;

/** Pause between two attempts to connect; doubled at each failure. */
export const DIAL_LEAST_MS = 100;
export const DIAL_MOST_MS = 1000;

/** Clocks may differ by so much when two nodes meet. */
export const CLOCK_OFFSET_MAX_MS = 60_000;

/** No cluster time lies outside of these: whoever says so is not believed. */
export const CLOCK_LEAST_MS = Date.UTC(2026, 0, 1);
export const CLOCK_MOST_MS = Date.UTC(2100, 0, 1);

/** An offset above it is warned about. */
export const CLOCK_OFFSET_WARN_MS = 1000;

/** During a link clocks that drift further apart than this are brought together again. */
export const CLOCK_DRIFT_MAX_MS = 100;

/** Only so quick an echo says something about the other clock. */
export const CLOCK_ECHO_MAX_MS = 50;

/** Heartbeats go at least so often, however long `ping_interval` is. */
export const HEARTBEAT_MOST_MS = 2000;

/** After a demotion the twin must have kept up for so long before replies wait for it again. */
export const RETURN_AFTER_MS = 500;
