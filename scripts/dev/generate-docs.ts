// Writes the documents that are generated from the code: `npm run docs`.
import { writeFileSync } from 'node:fs';
import { renderConfigReference } from './config-reference.ts';
import { renderMessageReference } from './message-reference.ts';

write('CONFIG.md', renderConfigReference());
write('MESSAGES.md', renderMessageReference());

function write(name: string, text: string): void {
  const file = new URL(`../../docs/${name}`, import.meta.url);
  writeFileSync(file, text);
  console.log(`written: ${file.pathname}`);
}
