// Checks the import rules of .dependency-cruiser.cjs, and that dependency-cruiser saw every file: with a TypeScript that
// it cannot use it sees none, finds no violation and says that all is well.
import { cruise, format } from 'dependency-cruiser';
import extractDepcruiseOptions from 'dependency-cruiser/config-utl/extract-depcruise-options';
import extractTsConfig from 'dependency-cruiser/config-utl/extract-ts-config';
import { globSync } from 'node:fs';
import { resolve } from 'node:path';

const ROOT = resolve(import.meta.dirname, '../..');
process.chdir(ROOT);

const files = globSync('lib/**/*.ts');
const options = await extractDepcruiseOptions(resolve(ROOT, '.dependency-cruiser.cjs'));
const { output } = await cruise(['lib'], options, undefined, {
  tsConfig: extractTsConfig(resolve(ROOT, 'tsconfig.json')),
});
if (typeof output === 'string') throw new TypeError('dependency-cruiser gave text where its result was expected');

const seen = new Set(output.modules.map((module) => module.source));
const unseen = files.filter((file) => !seen.has(file));
if (unseen.length > 0) {
  console.log(`dependency-cruiser did not see ${String(unseen.length)} of ${String(files.length)} files:`);
  for (const file of unseen) console.log(`  ${file}`);
}
if (output.summary.error > 0) console.log((await format(output, { outputType: 'err' })).output);
process.exitCode = unseen.length === 0 && output.summary.error === 0 ? 0 : 1;
