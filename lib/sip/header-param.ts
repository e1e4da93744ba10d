import { ParamCursor } from './param-cursor.ts';

/**
 * The value of a header parameter: quotes and their escapes removed, '' for a flag, undefined when it is not there. The
 * first one counts.
 *
 * @param params from the first `;` on, as `NameAddr` and `Via` have them
 * @param name in lower case
 */
export function headerParam(params: string, name: string): string | undefined {
  const cursor = new ParamCursor(params, 0, params.length);
  while (cursor.next()) if (cursor.isNamed(name)) return cursor.value();
  return undefined;
}
