import type { MiAnswer, MiError, MiLive } from '../mi-command.ts';
import { JsonLines } from './json-lines.ts';
import { oneLine } from './one-line.ts';

const METHOD_NOT_FOUND = -32601;

/** An answer in 2.4's text form, in pieces: `200 OK` and lines `key:: value`, or a code with the reason. */
export function* textReply(answer: Exclude<MiAnswer, MiLive>): Generator<string> {
  switch (answer.kind) {
    case 'error':
      yield errorLine(answer);
      return;
    case 'result':
      yield '200 OK\n';
      if (answer.value !== 'OK') yield* lines([JSON.stringify(answer.value)]);
      return;
    case 'stream':
      yield '200 OK\n';
      yield* lines(answer.chunks);
  }
}

function* lines(chunks: Iterable<string>): Generator<string> {
  const form = new JsonLines();
  for (const chunk of chunks) yield form.push(chunk);
  yield form.end();
}

/** 2.4 has codes like HTTP's only; a command that it did not know was a 500. */
function errorLine({ code, message, data }: MiError): string {
  const textCode = code >= 0 ? code : code === METHOD_NOT_FOUND ? 500 : 400;
  return `${textCode} ${oneLine(typeof data === 'string' ? `${message}: ${data}` : message)}\n`;
}
