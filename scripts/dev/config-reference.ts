import * as z from 'zod';
import { configSchema } from '../../lib/config/config-schema.ts';
import { keyNotes, sectionNotes, valueNotesOf } from '../../lib/config/notes.ts';
import type { KeyNotes } from '../../lib/config/notes.ts';
import { takingOf } from '../../lib/config/reload-table.ts';
import { SAVE_FLAG_LIST } from '../../lib/registrar/save-flag-list.ts';
import type { SaveFlagEntry } from '../../lib/registrar/save-flag-list.ts';

const INTRODUCTION = `# Configuration

<!-- Generated from lib/config and lib/registrar/save-flag-list.ts by \`npm run docs\`; edits here are overwritten. -->

Everything is in one YAML file, and every key has a default, so the file is as short as its owner's wishes; without a file
twinreg serves SIP on 127.0.0.1:5060. Sections are called after the OpenSIPS modules whose parameters they hold, and the
keys have OpenSIPS's names and units. [twinreg.example.yaml](twinreg.example.yaml) is a file to start from;
[NAMES.md](NAMES.md) says which word means what.

- \`twinreg check-config\` reads the file and does nothing else. All that is wrong is said at once, with line, key, value and
  what was expected, and the exit code is 2. A key that does not exist is an error, so that a misspelt one cannot pass
  unnoticed; so is an OpenSIPS parameter that would do nothing here.
- Booleans are \`1\` or \`0\` as in OpenSIPS; \`yes\`, \`no\`, \`on\`, \`off\`, \`true\` and \`false\` mean the same.
- A list of one word may be written without brackets.
- **Data folder**: what \`--data DIR\` says, else \`/var/lib/twinreg\` for root, else \`$XDG_STATE_HOME/twinreg\`, else
  \`~/.local/state/twinreg\`. Relative paths in the file start there. The start prints it.
- \`--listen ADDRESS[:PORT]\` replaces the file's \`listen\`; it takes what \`listen\` takes, and may be given several times.
- **A change** of a key is taken at once by \`twinreg reload\` (and SIGHUP), or waits for a restart: the last column. A file with
  a problem changes nothing.
`;

/** docs/CONFIG.md, from what the schemas say about their keys. */
export function renderConfigReference(): string {
  const sections = Object.entries(configSchema.shape).map(([name, schema]) => ({
    name,
    schema,
    object: objectOf(schema),
  }));
  const single = sections
    .filter(({ object }) => object === undefined)
    .map(({ name, schema }) => row(name, name, schema));
  const top = sectionText('listen', configSchema, single);
  const rest = sections.flatMap(({ name, object }) =>
    object === undefined ? [] : [sectionText(name, object, rowsOf(name, object)), ...appendix(name)],
  );
  return `${[INTRODUCTION, top, ...rest].join('\n')}`;
}

/** Every key of the file: `listen`, `usrloc.use_domain`, … */
export function configKeyNames(): readonly string[] {
  return Object.entries(configSchema.shape).flatMap(([name, schema]) => {
    const object = objectOf(schema);
    return object === undefined ? [name] : Object.keys(object.shape).map((key) => `${name}.${key}`);
  });
}

/** The example of each section, as it stands in the reference. */
export function configExamples(): readonly string[] {
  const objects = [configSchema, ...Object.values(configSchema.shape).map(objectOf)];
  return objects.flatMap((object) => (object === undefined ? [] : [sectionNotes.get(object)?.example ?? '']));
}

function sectionText(title: string, schema: z.ZodObject, rows: readonly string[]): string {
  const notes = sectionNotes.get(schema);
  if (notes === undefined) throw new Error(`the section ${title} has no notes`);
  const refused = refusedText(notes.refusedKeys);
  return `## ${title}

${notes.meaning}

| key | values | unit | default | meaning | in OpenSIPS | a change |
|---|---|---|---|---|---|---|
${rows.join('\n')}

\`\`\`yaml
${notes.example}
\`\`\`
${refused}`;
}

/** What a section's tables of keys leave out. */
function appendix(section: string): readonly string[] {
  return section === 'registrar' ? [saveFlagsText()] : [];
}

function saveFlagsText(): string {
  return `### Flags of save()

For the key \`save\`: letters may stand together (\`c5f\`), names are separate (\`max-contacts=5, force-registration\`), and
\`N\` is a whole number. What a flag says goes before the key of the same meaning. Without \`p0\`, \`p1\` or \`p2\` a Path is
neither stored nor told.

| letter | name | meaning |
|---|---|---|
${SAVE_FLAG_LIST.map(saveFlagRow).join('\n')}
`;
}

function saveFlagRow({ letter, name, takesNumber, meaning, refused }: SaveFlagEntry): string {
  const [short, long] = takesNumber ? [`${letter}N`, `${name}=N`] : [letter, name];
  const cells = [`\`${short}\``, `\`${long}\``, refused === undefined ? meaning : `refused: ${refused}`];
  return `| ${cells.map(cell).join(' | ')} |`;
}

/** OpenSIPS parameters that would do nothing here, those with the same answer together. */
function refusedText(refusedKeys: Readonly<Record<string, string>>): string {
  const keysOf = Map.groupBy(Object.entries(refusedKeys), ([, sentence]) => sentence);
  if (keysOf.size === 0) return '';
  const lines = [...keysOf].map(([sentence, keys]) => `- ${keys.map(([key]) => `\`${key}\``).join(', ')}: ${sentence}`);
  return `\nRefused, each with this answer:\n\n${lines.join('\n')}\n`;
}

function rowsOf(section: string, { shape }: z.ZodObject): readonly string[] {
  return Object.entries<z.core.$ZodType>(shape).map(([name, schema]) => row(name, `${section}.${name}`, schema));
}

function row(name: string, key: string, schema: z.core.$ZodType): string {
  const notes = keyNotes.get(schema);
  const value = valueNotesOf(schema);
  if (notes === undefined || value === undefined) throw new Error(`the key ${name} has no notes`);
  const cells = [
    `\`${name}\``,
    value.type ?? value.expected,
    value.unit ?? '',
    defaultText(schema, notes),
    notes.meaning,
    notes.opensips,
    takingOf(key) === 'reload' ? 'at once' : 'restart',
  ];
  return `| ${cells.map(cell).join(' | ')} |`;
}

function defaultText(schema: z.core.$ZodType, notes: KeyNotes): string {
  if (notes.defaultText !== undefined) return notes.defaultText;
  if (schema instanceof z.ZodDefault || schema instanceof z.ZodPrefault) return `\`${yaml(schema.def.defaultValue)}\``;
  throw new Error('a key without a fixed default says in words what happens without it');
}

function yaml(value: unknown): string {
  if (typeof value === 'boolean') return value ? '1' : '0';
  if (Array.isArray(value)) return `[${value.map(yaml).join(', ')}]`;
  return value === '' ? '""' : String(value);
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|');
}

/** The section that a schema describes, without its default; undefined for a key that is no section. */
function objectOf(schema: z.core.$ZodType): z.ZodObject | undefined {
  const inner = schema instanceof z.ZodPrefault ? schema.unwrap() : schema;
  return inner instanceof z.ZodObject ? inner : undefined;
}
