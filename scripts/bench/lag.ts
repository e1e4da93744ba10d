import { Asker } from './asker.ts';
import { queryText, registerText } from './load.ts';
import { pause } from './pause.ts';
import { showsContact } from './replicates.ts';

/**
 * How long after a phone has its 200 OK the other node shows the contact: one new phone at a time registers at `active` and then
 * asks `passive` for its contacts, over and over, until they are there. The same for every product, since it is plain SIP.
 */
export interface LagOrder {
  readonly active: { readonly address: string; readonly port: number };
  readonly passive: { readonly address: string; readonly port: number };
  readonly first: number;
  readonly count: number;
}

export interface LagResult {
  /**
   * From the arrival of the 200 to the arrival of the first answer that shows the contact, one for each phone: the time of one
   * query at least.
   */
  readonly lagsMs: readonly number[];
  /** What the registering phone waits for its 200: a product may answer before or after the other node has the contact. */
  readonly answersMs: readonly number[];
  /** How long a query takes when there is nothing to wait for. */
  readonly queriesMs: readonly number[];
  /** Phones whose contact was there when they asked for the first time. */
  readonly atFirstLook: number;
}

const GAP_MS = 2;
const LOOKS_MAX = 100_000;

export async function measureLags(order: LagOrder): Promise<LagResult> {
  const asker = await Asker.open();
  const lagsMs: number[] = [];
  const answersMs: number[] = [];
  const queriesMs: number[] = [];
  let atFirstLook = 0;
  try {
    for (let phone = order.first; phone < order.first + order.count; phone++) {
      const { answerMs, lagMs, looks } = await lagOf(asker, order, phone);
      answersMs.push(answerMs);
      lagsMs.push(lagMs);
      if (looks === 1) atFirstLook++;
      queriesMs.push(await queryMs(asker, order, phone));
      await pause(GAP_MS);
    }
  } finally {
    asker.close();
  }
  return { lagsMs, answersMs, queriesMs, atFirstLook };
}

async function lagOf(asker: Asker, { active, passive }: LagOrder, phone: number) {
  const sentMs = performance.now();
  const { text, atMs } = await asker.ask(active, registerText(phone, 1, asker.localPort));
  if (!showsContact(text)) throw new Error(`${active.address} answered ${text.split('\r\n')[0] ?? ''}`);
  for (let looks = 1; looks <= LOOKS_MAX; looks++) {
    const shown = await asker.ask(passive, queryText(phone, looks, asker.localPort));
    if (showsContact(shown.text)) return { answerMs: atMs - sentMs, lagMs: shown.atMs - atMs, looks };
  }
  throw new Error(`${passive.address} does not show phone ${phone}`);
}

async function queryMs(asker: Asker, { passive }: LagOrder, phone: number): Promise<number> {
  const sentMs = performance.now();
  const { atMs } = await asker.ask(passive, queryText(phone, LOOKS_MAX + 1, asker.localPort));
  return atMs - sentMs;
}
