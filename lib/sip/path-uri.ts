import { Fault } from './fault.ts';
import { PATH_URIS_MAX } from './limits.ts';
import { NameAddrScanner } from './name-addr.ts';
import { trimmedEnd } from './octets.ts';
import { parseUri, type SipUri } from './uri.ts';

/** One Path value of a REGISTER (RFC 3327). */
export interface PathUri {
  /** As written, with angle brackets and header parameters: what goes into the 200, and later into a Route. */
  readonly text: string;
  readonly uriText: string;
  readonly uri: SipUri;
}

/** Splits the Path rows, unfolded, into their values, in order; a Fault (400) when one is malformed. */
export function parsePath(rows: readonly string[]): readonly PathUri[] | Fault {
  const path: PathUri[] = [];
  for (const row of rows) {
    const scanner = new NameAddrScanner(row, 0, row.length);
    do {
      const value = pathValue(scanner, row);
      if (value instanceof Fault) return value;
      if (path.length === PATH_URIS_MAX) return new Fault(400, 'Too Many Path Values');
      path.push(value);
    } while (scanner.hasNext());
  }
  return path;
}

function pathValue(scanner: NameAddrScanner, row: string): PathUri | Fault {
  const start = scanner.at;
  const fault = scanner.next();
  if (fault !== undefined) return fault;
  if (!scanner.isBracketed) return new Fault(400, 'Path Needs Angle Brackets');
  while (scanner.params.next());
  const malformed = scanner.finish();
  if (malformed !== undefined) return malformed;
  const uriText = scanner.uriText();
  const uri = parseUri(uriText);
  if (uri instanceof Fault) return uri;
  if (uri.scheme !== 'sip' && uri.scheme !== 'sips') return new Fault(400, 'Path Is No SIP URI');
  return { text: row.substring(start, trimmedEnd(row, start, scanner.at)), uriText, uri };
}
