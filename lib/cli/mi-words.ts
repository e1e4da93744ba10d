import type { Params } from './mi-client.ts';
import { UsageError } from './usage-error.ts';

interface Word {
  /** Undefined for a value alone. */
  readonly name: string | undefined;
  readonly text: string;
}

const NAMED = /^(?<name>[A-Za-z_][A-Za-z0-9_]*)=(?<text>.*)$/s;

/**
 * The parameters of a management command from the words behind its name: all of them `name=value`, or all of them values
 * alone. A value that begins with `[` or `{` is JSON, anything else is text as it stands (the daemon takes digits for a
 * number where it wants one). A name that comes again makes a list: a comma would not do, since URIs may hold one.
 */
export function miParams(words: readonly string[]): Params {
  const split = words.map(splitWord);
  const alone = split.find(({ name }) => name === undefined);
  const named = split.find(({ name }) => name !== undefined);
  if (named === undefined) return split.map(({ text }) => valueOf(text));
  if (alone === undefined) return namedParams(split);
  throw new UsageError(`'${alone.text}' has no name; expected name=value for all values or for none`);
}

function splitWord(word: string): Word {
  const { name, text = word } = NAMED.exec(word)?.groups ?? {};
  return { name, text };
}

function namedParams(words: readonly Word[]): Params {
  const values = new Map<string, unknown[]>();
  for (const { name = '', text } of words) {
    const list = values.get(name) ?? [];
    list.push(valueOf(text));
    values.set(name, list);
  }
  return Object.fromEntries([...values].map(([name, list]) => [name, list.length === 1 ? list[0] : list]));
}

function valueOf(text: string): unknown {
  if (!text.startsWith('[') && !text.startsWith('{')) return text;
  try {
    return JSON.parse(text);
  } catch (err) {
    throw new UsageError(`'${text}' begins like JSON and is none; expected JSON, or another first character`, {
      cause: err,
    });
  }
}
