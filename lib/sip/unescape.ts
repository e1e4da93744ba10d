import { hexValue } from './octets.ts';

/** Every `%HH` as the octet that it stands for; a `%` without two hex digits stays as it is. */
export function unescape(text: string): string {
  let percent = text.indexOf('%');
  if (percent < 0) return text;
  let plain = '';
  let from = 0;
  while (percent >= 0) {
    const octet = escapedOctet(text, percent);
    if (octet >= 0) {
      plain += text.substring(from, percent) + String.fromCharCode(octet);
      from = percent + 3;
    }
    percent = text.indexOf('%', octet >= 0 ? from : percent + 1);
  }
  return plain + text.substring(from);
}

/** The octet that the `%HH` at `percent` stands for, -1 when it is no escape. */
export function escapedOctet(text: string, percent: number): number {
  if (percent + 2 >= text.length) return -1;
  const high = hexValue(text.charCodeAt(percent + 1));
  const low = hexValue(text.charCodeAt(percent + 2));
  return high < 0 || low < 0 ? -1 : high * 16 + low;
}
