/** What JSON can say. A key whose value is undefined is left out, as JSON.stringify does. */
export type Json = null | boolean | number | string | readonly Json[] | JsonObject;

export interface JsonObject {
  readonly [key: string]: Json | undefined;
}
