import * as z from 'zod';
import { keyNotes, sectionNotes } from '../notes.ts';
import { oneOf } from '../values.ts';

export const logSection = z
  .strictObject({
    level: oneOf(['fatal', 'error', 'warn', 'info', 'debug', 'trace']).default('info').register(keyNotes, {
      meaning:
        'The least serious kind of line that is written. Lines about single messages are written with `debug` and `trace` only.',
      opensips: 'core `log_level` (there -3 to 4)',
    }),
    format: oneOf(['auto', 'json', 'pretty']).default('auto').register(keyNotes, {
      meaning:
        '`json` is a JSON object a line, `pretty` is for people; `auto` is `pretty` on a terminal and `json` elsewhere.',
      opensips: 'ours',
    }),
  })
  .register(sectionNotes, {
    meaning: 'What is written to the standard output.',
    example: `log:
  level: debug
  format: json`,
    refusedKeys: {
      log_level: 'is called level here',
      log_stderror: 'lines go to the standard output; remove it',
      log_facility: 'lines go to the standard output; remove it',
    },
  });
