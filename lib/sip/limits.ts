/**
 * What one message may hold. The parser is linear in its input and these bound the input, so that a single message
 * costs at most a known time and memory; each says what happens beyond it.
 */

/** Octets of a whole message; the UDP maximum. A larger one is malformed and gets no reply; a stream that announces one is closed. */
export const MESSAGE_SIZE_MAX = 65_535;

/** Header rows of a message, more get 400. The longest torture message has 43. */
export const HEADER_ROWS_MAX = 256;

/** Octets of one header row with its folded lines, more get 400. */
export const HEADER_ROW_SIZE_MAX = 8192;

/** Contact values of a request, in however many rows; more get 400. */
export const CONTACTS_MAX = 64;

/** Path values of a request; more get 400. */
export const PATH_URIS_MAX = 32;

/** Parameters of one URI; more make it malformed, so that comparing two URIs is bounded too. */
export const URI_PARAMS_MAX = 32;
