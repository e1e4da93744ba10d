import type { DumpedAor } from './daemon.ts';

/** What a node shows of a contact, without what is its own affair, such as the contact's id. */
interface ShownContact {
  readonly contact: string;
  readonly callId: string;
  readonly cseq: number;
  /** When it expires, to the second, by the clock of whoever asked. */
  readonly expiresAtS: number;
}

export type ShownTable = ReadonlyMap<string, readonly ShownContact[]>;

/** `ul_dump` tells seconds left, at some moment while it is read: two nodes' answers may be so much apart. */
const EXPIRY_SLACK_S = 5;

export function tableOf(dump: readonly DumpedAor[]): ShownTable {
  const nowS = Date.now() / 1000;
  const entries = dump.map(({ AOR, Contacts }): [string, ShownContact[]] => [
    AOR,
    Contacts.map(({ Contact, Callid, Cseq, Expires }) => ({
      contact: Contact,
      callId: Callid,
      cseq: Cseq,
      expiresAtS: nowS + Expires,
    })).sort((a, b) => (a.contact < b.contact ? -1 : 1)),
  ]);
  return new Map(entries);
}

/** A line for each AoR that the two do not show alike. */
export function differences(one: ShownTable, two: ShownTable): string[] {
  const aors = new Set([...one.keys(), ...two.keys()]);
  return [...aors].flatMap((aor) => {
    const [first, second] = [one.get(aor) ?? [], two.get(aor) ?? []];
    return isAlike(first, second) ? [] : [`${aor}: ${textOf(first)} against ${textOf(second)}`];
  });
}

/** The CSeq of each contact by its Call-ID. */
export function cseqsOf(table: ShownTable): Map<string, number> {
  return new Map([...table.values()].flat().map(({ callId, cseq }) => [callId, cseq]));
}

function isAlike(one: readonly ShownContact[], two: readonly ShownContact[]): boolean {
  return (
    one.length === two.length &&
    one.every(({ contact, callId, cseq, expiresAtS }, index) => {
      const other = two[index];
      const isSame = contact === other?.contact && callId === other.callId && cseq === other.cseq;
      return isSame && Math.abs(expiresAtS - other.expiresAtS) <= EXPIRY_SLACK_S;
    })
  );
}

function textOf(contacts: readonly ShownContact[]): string {
  if (contacts.length === 0) return 'nothing';
  return contacts
    .map(({ contact, callId, cseq, expiresAtS }) => `${contact} (${callId} ${cseq}, until ${expiresAtS.toFixed(0)})`)
    .join(', ');
}
