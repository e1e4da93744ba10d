import { Asker } from './asker.ts';
import { queryText, registerText } from './load.ts';
import { pause } from './pause.ts';
import type { Server } from './server.ts';

const TRIES = 200;
const TRY_EVERY_MS = 50;
/** Two phones that no load has. */
const PHONES = [99_999_997, 99_999_998] as const;

/** Resolves when what is registered at either node is shown by the other; rejects after ten seconds. */
export async function untilEachShowsTheOther(one: Server, other: Server): Promise<void> {
  const asker = await Asker.open();
  try {
    await untilShown(asker, PHONES[0], one, other);
    await untilShown(asker, PHONES[1], other, one);
  } finally {
    asker.close();
  }
}

/** A change that was made before the nodes knew each other may not travel: it is made anew for each look. */
async function untilShown(asker: Asker, phone: number, at: Server, on: Server): Promise<void> {
  for (let cseq = 1; cseq <= TRIES; cseq++) {
    await asker.ask(at, registerText(phone, cseq, asker.localPort));
    await pause(TRY_EVERY_MS);
    const { text } = await asker.ask(on, queryText(phone, cseq, asker.localPort));
    if (showsContact(text)) return;
  }
  throw new Error(`${on.address} does not show what was registered at ${at.address}: the pair does not replicate`);
}

/** Whether a 200 lists a contact. */
export function showsContact(answer: string): boolean {
  return answer.startsWith('SIP/2.0 200') && /\r\nContact:/i.test(answer);
}
