import { transactionOf } from './exchange.ts';
import type { App, Phone } from './stage.ts';

/** Answers a request that the phone sends now, and shows all of it. */
export async function ask(app: App, phone: Phone, text: string, answer: string): Promise<void> {
  phone.send(text);
  const request = await app.get();
  app.send(`1|sip|${transactionOf(request)}|`, answer);
  await phone.get();
  await app.get();
}
