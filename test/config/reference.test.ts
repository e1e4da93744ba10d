import { readFileSync } from 'node:fs';
import t from 'tap';
import { configExamples, configKeyNames, renderConfigReference } from '../../scripts/dev/config-reference.ts';
import { SAVE_FLAG_LIST } from '../../lib/registrar/save-flag-list.ts';
import { STORAGE_DEFAULTS } from '../../lib/storage/storage-settings.ts';
import { problemsOf, warningsOf } from './load.ts';

const docs = (name: string) => readFileSync(new URL(`../../docs/${name}`, import.meta.url), 'utf8');

t.test('docs/CONFIG.md is what the schemas say (npm run docs writes it)', async (t) => {
  t.equal(docs('CONFIG.md'), renderConfigReference());
});

t.test('the reference has a row for every key', async (t) => {
  const reference = renderConfigReference();
  for (const key of configKeyNames()) t.match(reference, `| \`${key.split('.').at(-1)}\` |`, key);
});

t.test('the reference has a row for every flag of save(), and says why some are refused', async (t) => {
  const reference = renderConfigReference();
  for (const { letter, name, takesNumber, refused } of SAVE_FLAG_LIST) {
    const spellings = takesNumber ? `| \`${letter}N\` | \`${name}=N\` |` : `| \`${letter}\` | \`${name}\` |`;
    t.match(reference, refused === undefined ? spellings : `${spellings} refused: ${refused} |`);
  }
});

t.test('the reference says for how long write-through waits for a disk that does not answer', async (t) => {
  t.match(renderConfigReference(), `does not answer for longer than ${STORAGE_DEFAULTS.commitTimeoutMs} ms`);
});

t.test('every example of the reference loads as it stands', async (t) => {
  t.equal(configExamples().length, 10);
  for (const example of configExamples()) {
    t.strictSame(problemsOf(example), [], example);
    t.strictSame(warningsOf(example), []);
  }
});

t.test('the annotated example loads without a problem or a warning, and shows every section', async (t) => {
  const example = docs('twinreg.example.yaml');
  t.strictSame(problemsOf(example), []);
  t.strictSame(warningsOf(example), []);
  const sections = new Set(configKeyNames().map((key) => key.split('.')[0]));
  for (const section of sections) t.match(example, new RegExp(`^${section}:`, 'm'));
});
