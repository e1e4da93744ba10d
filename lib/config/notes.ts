import * as z from 'zod';

/** What a kind of value looks like, said once: in error messages after "expected", and in the reference's type column. */
export interface ValueNotes {
  readonly expected: string;
  /** Kind and range for the reference, where that can be shorter than `expected`. */
  readonly type?: string;
  /** All values, where there are a few words only. */
  readonly words?: readonly string[];
  /** Unit of a number; absent where the value has none. */
  readonly unit?: string;
  /** Values that OpenSIPS knows and this version does not: what to say about each, instead of "expected …". */
  readonly refused?: Readonly<Record<string, string>>;
  /** A value of this kind is not shown, however wrong it is. */
  readonly isSecret?: boolean;
}

/** What one key is for. */
export interface KeyNotes {
  /** One or two sentences for the reference; Markdown without line ends. */
  readonly meaning: string;
  /** The OpenSIPS module parameter (or script function) that this key stands for, or 'ours'. */
  readonly opensips: string;
  /** The default in words, where it is not one fixed value. */
  readonly defaultText?: string;
}

/** What a section is for. */
export interface SectionNotes {
  /** One sentence for the reference. */
  readonly meaning: string;
  /** A configuration that loads as it stands here. */
  readonly example: string;
  /** OpenSIPS parameters of this module that do not exist here, each with what to do instead. */
  readonly refusedKeys: Readonly<Record<string, string>>;
}

export const valueNotes = z.registry<ValueNotes>();
export const keyNotes = z.registry<KeyNotes>();
export const sectionNotes = z.registry<SectionNotes>();

/** The notes of the value that a schema describes, found below its wrappers (defaults, transformations). */
export function valueNotesOf(schema: z.core.$ZodType): ValueNotes | undefined {
  for (let inner: z.core.$ZodType | undefined = schema; inner !== undefined; inner = unwrap(inner)) {
    const notes = valueNotes.get(inner);
    if (notes !== undefined) return notes;
  }
  return undefined;
}

/** The schema of what stands at `path` inside a value that `schema` describes; undefined for a key that it does not have. */
export function schemaAt(schema: z.core.$ZodType, path: readonly PropertyKey[]): z.core.$ZodType | undefined {
  let current: z.core.$ZodType | undefined = schema;
  for (const step of path) {
    const container = containerOf(current);
    if (container instanceof z.ZodArray) current = container.element;
    else if (container instanceof z.ZodTuple)
      current = container.def.items[Number(step)] ?? container.def.rest ?? undefined;
    else if (container instanceof z.ZodObject) current = ownSchema(container.shape, String(step));
    else return undefined;
  }
  return current;
}

function ownSchema(shape: z.core.$ZodShape, name: string): z.core.$ZodType | undefined {
  return Object.hasOwn(shape, name) ? shape[name] : undefined;
}

/** The list, tuple or map that a schema describes, below its wrappers. */
export function containerOf(schema: z.core.$ZodType | undefined): z.core.$ZodType | undefined {
  let inner = schema;
  while (inner !== undefined && !isContainer(inner)) inner = unwrap(inner);
  return inner;
}

function isContainer(schema: z.core.$ZodType): boolean {
  return schema instanceof z.ZodArray || schema instanceof z.ZodTuple || schema instanceof z.ZodObject;
}

function unwrap(schema: z.core.$ZodType): z.core.$ZodType | undefined {
  if (schema instanceof z.ZodDefault || schema instanceof z.ZodPrefault || schema instanceof z.ZodOptional)
    return schema.unwrap();
  if (!(schema instanceof z.ZodPipe)) return undefined;
  return schema.in instanceof z.ZodTransform ? schema.out : schema.in;
}
