import type { Json, JsonObject } from './json.ts';

/**
 * `int` arrives as a JSON integer or as a string of digits; `text` as a JSON string or number; `strings` as a JSON array,
 * as one string, or, when it is the only parameter, as all positional values.
 */
type ParamType = 'string' | 'int' | 'text' | 'strings';

export interface Param {
  readonly name: string;
  readonly type: ParamType;
}

interface ValueOfType {
  readonly string: string;
  readonly int: number;
  readonly text: string;
  readonly strings: readonly string[];
}

export type ParamValue = ValueOfType[ParamType];

/** The values of a recipe's parameters by name, typed as the recipe says. */
type ValuesOf<P extends readonly Param[]> = { readonly [S in P[number] as S['name']]: ValueOfType[S['type']] };

/** One of the parameter lists that a command can be called with; optional parameters are recipes of their own. */
export interface Recipe {
  readonly params: readonly Param[];
  readonly run: (values: ReadonlyMap<string, ParamValue>) => MiAnswer | Promise<MiAnswer>;
}

/** A command of the management interface, under the name that OpenSIPS gives it (or our own where it has none). */
export interface MiCommand {
  readonly name: string;
  /** The name that OpenSIPS 4.0 gives it, `usrloc:rm`; it is found by it too, and not listed by it. */
  readonly alias?: string;
  /** For `help`: one line that says what it does, and the OpenSIPS module that it belongs to (by default the core). */
  readonly help?: string;
  readonly module?: string;
  readonly recipes: readonly Recipe[];
}

export type MiAnswer = MiResult | MiStream | MiLive | MiError;

export interface MiResult {
  readonly kind: 'result';
  readonly value: Json;
}

/**
 * A result too large for one piece: the chunks concatenate to one JSON value. The transport takes a chunk when its
 * client can take it and lets the event loop turn between two; so a chunk is about a millisecond of work, never more.
 */
export interface MiStream {
  readonly kind: 'stream';
  readonly chunks: Iterable<string>;
}

/**
 * An answer that goes on until the client leaves: the result is "OK", and each event follows as a JSON-RPC notification
 * on a line of its own. Only the unix socket carries it; other transports answer with an error.
 */
export interface MiLive {
  readonly kind: 'live';
  /** The `method` of the notifications. */
  readonly method: string;
  /** Begins; `send` may be called at any time until the returned function was called, which ends it. */
  readonly open: (send: (params: JsonObject) => void) => () => void;
}

/** Codes as HTTP's: 400 for what was asked, 404 for what is not there, 500 for what failed here. */
export interface MiError {
  readonly kind: 'error';
  readonly code: number;
  readonly message: string;
  readonly data?: Json;
}

/** @param run gets the values by name, typed as `params` says. */
export function recipe<const P extends readonly Param[]>(
  params: P,
  run: (values: ValuesOf<P>) => MiAnswer | Promise<MiAnswer>,
): Recipe {
  // Whoever binds the values has checked names and types against `params`; this is where that becomes a type.
  return { params, run: (values) => run(Object.fromEntries(values) as ValuesOf<P>) };
}

export function result(value: Json): MiResult {
  return { kind: 'result', value };
}

export function miError(code: number, message: string): MiError {
  return { kind: 'error', code, message };
}
