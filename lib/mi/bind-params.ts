import type { MiCommand, MiError, Param, ParamValue, Recipe } from './mi-command.ts';
import type { Params } from './rpc-request.ts';

export type Bound =
  { readonly kind: 'bound'; readonly recipe: Recipe; readonly values: ReadonlyMap<string, ParamValue> } | MiError;

const COUNT_MISMATCH = 'Too few or too many parameters';
const NAMES_MISMATCH = 'Named parameters do not match';
const AMBIGUOUS = 'Ambiguous call, use named parameters instead';

/**
 * Finds the recipe that fits a call and checks each value against it. Positional parameters choose by their count, named
 * ones by their set of names; a call without parameters needs a recipe without any.
 */
export function bindParams(command: MiCommand, params: Params): Bound {
  const recipes = command.recipes.filter((recipe) => fits(recipe, params));
  const [recipe, another] = recipes;
  if (recipe === undefined) return invalidParams(params.kind === 'named' ? NAMES_MISMATCH : COUNT_MISMATCH);
  if (another !== undefined) return invalidParams(AMBIGUOUS);
  return bindValues(recipe, params);
}

function fits(recipe: Recipe, params: Params): boolean {
  switch (params.kind) {
    case 'none':
      return recipe.params.length === 0;
    case 'positional':
      return recipe.params.length === params.values.length || isListAlone(recipe);
    case 'named':
      return recipe.params.length === params.values.size && recipe.params.every(({ name }) => params.values.has(name));
  }
}

/** 2.4's text form has no arrays: there the names of statistics follow each other. */
function isListAlone({ params }: Recipe): boolean {
  return params.length === 1 && params[0]?.type === 'strings';
}

function gathered(params: Params): Params {
  const isMany = params.kind === 'positional' && params.values.length > 1;
  return isMany ? { kind: 'positional', values: [params.values] } : params;
}

function bindValues(recipe: Recipe, params: Params): Bound {
  const given = isListAlone(recipe) ? gathered(params) : params;
  const values = new Map<string, ParamValue>();
  for (const [index, param] of recipe.params.entries()) {
    const value = readValue(param, rawValue(given, param, index));
    if (value === undefined) return invalidParams(`Bad type for parameter '${param.name}'`);
    values.set(param.name, value);
  }
  return { kind: 'bound', recipe, values };
}

function rawValue(params: Params, param: Param, index: number): unknown {
  switch (params.kind) {
    case 'none':
      return undefined;
    case 'positional':
      return params.values[index];
    case 'named':
      return params.values.get(param.name);
  }
}

function readValue(param: Param, raw: unknown): ParamValue | undefined {
  switch (param.type) {
    case 'string':
      return readString(raw);
    case 'int':
      return readInteger(raw);
    case 'text':
      return typeof raw === 'number' ? String(raw) : readString(raw);
    case 'strings':
      if (typeof raw === 'string') return [raw];
      return Array.isArray(raw) && raw.every((item) => typeof item === 'string') ? raw : undefined;
  }
}

function readString(raw: unknown): string | undefined {
  return typeof raw === 'string' ? raw : undefined;
}

/** opensips-cli sends every parameter as a string, so a numeric one counts as a number. */
function readInteger(raw: unknown): number | undefined {
  const value = typeof raw === 'string' && /^-?\d{1,15}$/.test(raw) ? Number(raw) : raw;
  return Number.isSafeInteger(value) ? Number(value) : undefined;
}

function invalidParams(data: string): MiError {
  return { kind: 'error', code: -32602, message: 'Invalid params', data };
}
