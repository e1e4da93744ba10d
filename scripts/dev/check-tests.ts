// Finds tests that cannot fail: tap calls a test without an assertion a success.
import { globSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import ts from 'typescript';
import { findEmptyTests } from './empty-tests.ts';

process.chdir(resolve(import.meta.dirname, '../..'));

let found = 0;
for (const path of globSync('test/**/*.test.ts').sort()) {
  const source = ts.createSourceFile(path, readFileSync(path, 'utf8'), ts.ScriptTarget.Latest, true);
  for (const { line, message } of findEmptyTests(source)) {
    console.log(`${path}:${String(line)}: ${message}`);
    found += 1;
  }
}
process.exitCode = found === 0 ? 0 : 1;
