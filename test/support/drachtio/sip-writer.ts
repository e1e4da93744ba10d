// How the server writes what it makes itself: headers that SIP knows come first, in an order of its own, with names of its own;
// the others follow, after Content-Length.

/** Names in the order in which the server writes them, after Call-ID and CSeq. */
const KNOWN: readonly string[] = [
  'Contact',
  'RAck',
  'Request-Disposition',
  'Accept-Contact',
  'Reject-Contact',
  'Expires',
  'Date',
  'Retry-After',
  'Timestamp',
  'Min-Expires',
  'Subject',
  'Priority',
  'Call-Info',
  'Organization',
  'Server',
  'User-Agent',
  'In-Reply-To',
  'Accept',
  'Accept-Encoding',
  'Accept-Language',
  'Allow',
  'Require',
  'Supported',
  'Unsupported',
  'Event',
  'Allow-Events',
  'Subscription-State',
  'Proxy-Authenticate',
  'Proxy-Authentication-Info',
  'Proxy-Authorization',
  'Authorization',
  'WWW-Authenticate',
  'Authentication-Info',
  'Error-Info',
  'Warning',
  'Refer-To',
  'Referred-By',
  'Replaces',
  'Session-Expires',
  'Min-SE',
  'Path',
  'Service-Route',
  'Reason',
  'Privacy',
  'MIME-Version',
  'Content-Type',
  'Content-Encoding',
  'Content-Language',
  'Content-Disposition',
];
const ORDER: ReadonlyMap<string, number> = new Map(KNOWN.map((name, index) => [name.toLowerCase(), index]));
/** One row for each of their values. */
const LISTS: ReadonlySet<string> = new Set(['contact', 'path', 'service-route', 'route']);
/** An app may write them; they go nowhere. */
const DROPPED: ReadonlySet<string> = new Set(['via', 'route', 'rseq', 'record-route', 'content-length']);
/** The server writes them at places of their own. */
const OWN: ReadonlySet<string> = new Set(['from', 'to', 'call-id', 'cseq', 'max-forwards']);

/** Headers that an app wrote, sorted out. */
export interface WrittenHeaders {
  /** From, To, Call-ID, CSeq and Max-Forwards, by name in small letters. */
  readonly own: ReadonlyMap<string, string>;
  /** Rows of known headers, without their ends. */
  readonly known: readonly string[];
  readonly unknown: readonly string[];
  /** A known header without a value: what the server cannot write. */
  readonly isFaulty: boolean;
}

/** @param rows lines as the app wrote them; one that is no header is left out, as is what follows a folded one */
export function sortHeaders(rows: readonly string[]): WrittenHeaders {
  const own = new Map<string, string>();
  const known: (readonly [order: number, row: string])[] = [];
  const unknown: string[] = [];
  let isFaulty = false;
  for (const row of rows) {
    const colon = row.indexOf(':');
    const name = row.slice(0, Math.max(colon, 0)).trim();
    const value = row.slice(colon + 1).trim();
    const key = name.toLowerCase();
    if (colon === -1 || !/^[\w.!%*+`'~-]+$/.test(name) || DROPPED.has(key)) continue;
    const order = ORDER.get(key);
    if (OWN.has(key)) own.set(key, value);
    else if (order === undefined) unknown.push(`${withCapitals(name)}: ${value}`);
    else {
      if (value === '') isFaulty = true;
      const values = LISTS.has(key) ? splitList(value) : [value];
      known.push(...values.map((each) => [order, `${KNOWN[order] ?? name}: ${each}`] as const));
    }
  }
  known.sort(([a], [b]) => a - b);
  return { own, known: known.map(([, row]) => row), unknown, isFaulty };
}

/** The values of a comma list; commas in brackets and quotes do not count. */
export function splitList(value: string): readonly string[] {
  const items = value.match(/(?:"(?:\\.|[^"\\])*"|<[^>]*>|[^,"<])+/g) ?? [];
  return items.map((item) => item.trim()).filter((item) => item !== '');
}

/** `p-some-name` becomes `P-Some-Name`; names with X- stay as they are. */
function withCapitals(name: string): string {
  return /^x-/i.test(name) ? name : name.replaceAll(/(?:^|-)[a-z]/g, (letters) => letters.toUpperCase());
}
