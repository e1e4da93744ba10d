let cachedSecond = Number.NaN;
let cachedText = '';

/**
 * The value of a Date header (RFC 3261 §20.17: the format of RFC 1123, always GMT). The last second's text is kept, since
 * thousands of replies carry the same.
 */
export function sipDate(nowMs: number): string {
  const second = Math.floor(nowMs / 1000);
  if (second !== cachedSecond) {
    cachedText = new Date(second * 1000).toUTCString();
    cachedSecond = second;
  }
  return cachedText;
}
