import { isUtf8 } from 'node:buffer';

/** A text as SQLite gives it back: what is valid UTF-8 stands in the table as TEXT, everything else as BLOB. */
export type SqlText = string | Uint8Array;

/**
 * Octets of a SIP message for a text column. Whatever a phone sent comes back unchanged, and what can be read as text
 * can be read with the sqlite3 shell. (A NUL would end the text there, so it makes a BLOB.)
 */
export function toSqlText(octets: Buffer): SqlText {
  let all = 0;
  let anyNul = false;
  for (const octet of octets) {
    all |= octet;
    if (octet === 0) anyNul = true;
  }
  if (anyNul) return octets;
  if (all < 0x80) return octets.latin1Slice(0, octets.length);
  return isUtf8(octets) ? octets.utf8Slice(0, octets.length) : octets;
}

/** How many octets it was. */
export function octetsOf(text: SqlText): number {
  return typeof text === 'string' ? Buffer.byteLength(text, 'utf8') : text.length;
}
