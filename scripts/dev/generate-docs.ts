// Writes the documents that are generated from the code: `npm run docs`.
import { writeFileSync } from 'node:fs';
import { renderConfigReference } from './config-reference.ts';

const file = new URL('../../docs/CONFIG.md', import.meta.url);
writeFileSync(file, renderConfigReference());
console.log(`written: ${file.pathname}`);
