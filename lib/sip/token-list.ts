import { isSameName, skipBlanks, trimmedEnd } from './octets.ts';

/** The values of comma lists of tokens (Supported, Require, Allow), as written, in order; empty ones are left out. */
export function tokensOf(rows: readonly string[]): readonly string[] {
  const tokens: string[] = [];
  for (const row of rows) {
    for (let at = 0; at < row.length;) {
      const start = skipBlanks(row, at, row.length);
      const comma = endOfItem(row, start);
      const end = trimmedEnd(row, start, comma);
      if (end > start) tokens.push(row.substring(start, end));
      at = comma + 1;
    }
  }
  return tokens;
}

/** Whether a comma list of tokens has one, in any case. @param token in lower case */
export function hasToken(row: string, token: string): boolean {
  for (let at = 0; at < row.length;) {
    const start = skipBlanks(row, at, row.length);
    const comma = endOfItem(row, start);
    if (isSameName(row, start, trimmedEnd(row, start, comma), token)) return true;
    at = comma + 1;
  }
  return false;
}

function endOfItem(row: string, start: number): number {
  const comma = row.indexOf(',', start);
  return comma < 0 ? row.length : comma;
}
