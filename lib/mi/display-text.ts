import { isUtf8 } from 'node:buffer';

/**
 * A byte string as people read it: UTF-8 where the octets are valid UTF-8, else each octet as its latin1 character, so
 * that nothing a phone sent makes a reply unreadable.
 */
export function displayText(bytes: string): string {
  if (isAscii(bytes)) return bytes;
  const octets = Buffer.from(bytes, 'latin1');
  return isUtf8(octets) ? octets.toString('utf8') : bytes;
}

/** The byte string of what an operator typed: what a phone would have sent for the same text. */
export function byteString(text: string): string {
  return isAscii(text) ? text : Buffer.from(text, 'utf8').toString('latin1');
}

function isAscii(text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    if (text.charCodeAt(i) > 0x7f) return false;
  }
  return true;
}
