import { answerText, rowsText } from './exchange.ts';
import type { App, Phone } from './stage.ts';

export interface AskedParts {
  readonly id: string;
  /** Request-URI; without it the phone's. */
  readonly uri?: string;
  /** The next hop that the app names; '' = none. */
  readonly hop?: string;
  readonly rows?: readonly string[];
  readonly method?: string;
}

/** What an app sends to have a request sent. */
export function asked(
  phone: Phone,
  { id, method = 'OPTIONS', ...parts }: AskedParts,
): readonly [meta: string, sip: string] {
  const uri = parts.uri ?? `sip:alice@${phone.host}`;
  const hop = parts.hop ?? `sip:${phone.host};transport=${phone.transport}`;
  const rows = parts.rows ?? ['From: <sip:registrar@example.com>', `To: <${uri}>`, `Call-ID: ${id}`, 'CSeq: 7 OPTIONS'];
  return [hop === '' ? `${id}|sip||` : `${id}|sip|||${hop}`, rowsText([`${method} ${uri} SIP/2.0`, ...rows])];
}

/** The app sends a request; if the server takes it, the phone answers and the app gets the answer. */
export async function pinged(
  app: App,
  phone: Phone,
  parts: AskedParts,
  status = '200 OK',
  rows: readonly string[] = [],
): Promise<void> {
  app.send(...asked(phone, parts));
  const { tokens } = await app.get();
  if (tokens[3] !== 'OK') return;
  const request = await phone.get();
  phone.send(answerText(request, status, rows));
  await app.get();
}
