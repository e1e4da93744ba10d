import { displayText } from '../display-text.ts';
import { recipe, type MiAnswer, type MiCommand } from '../mi-command.ts';
import { TABLE_NAME, type Bindings } from './bindings.ts';
import { aorJson } from './contact-json.ts';

/** A chunk ends once it has so many characters, or after so many AoRs whether or not they had anything to show. */
const CHUNK_CHARS = 16_384;
const CHUNK_AORS = 256;

/** OpenSIPS shows its number of hash slots; this is its default. The table here has no such number. */
const HASH_SIZE = 512;

/** `ul_dump`: all AoRs with their contacts; with `brief` other than 0 the AoRs alone. It is read while it is sent. */
export function ulDumpCommand(bindings: Bindings): MiCommand {
  const dump = (brief: boolean): MiAnswer => ({ kind: 'stream', chunks: dumpChunks(bindings, brief) });
  return {
    name: 'ul_dump',
    alias: 'usrloc:dump',
    module: 'usrloc',
    help: 'lists all AoRs with their contacts; with brief other than 0 the AoRs alone',
    recipes: [
      recipe([], () => dump(false)),
      recipe([{ name: 'brief', type: 'int' }], ({ brief }) => dump(brief !== 0)),
    ],
  };
}

function* dumpChunks(bindings: Bindings, brief: boolean): Generator<string> {
  let chunk = `{"Domains":[{"name":${JSON.stringify(TABLE_NAME)},"hash_size":${HASH_SIZE},"AORs":[`;
  let separator = '';
  let aorsSeen = 0;
  for (const found of bindings.all()) {
    if (found.shown.length > 0) {
      chunk += separator + JSON.stringify(brief ? { AOR: displayText(found.aor) } : aorJson(found));
      separator = ',';
    }
    if (chunk.length < CHUNK_CHARS && ++aorsSeen < CHUNK_AORS) continue;
    yield chunk;
    chunk = '';
    aorsSeen = 0;
  }
  yield `${chunk}]}]}`;
}
