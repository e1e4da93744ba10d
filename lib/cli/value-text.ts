import { columnWidths, rowText, type Cells } from './columns.ts';
import { terminalText } from './terminal-text.ts';

const INDENT = '  ';

type Fields = Readonly<Record<string, unknown>>;

/**
 * Any JSON value for people: objects as `key: value`, what is deeper indented, lists of one item a line, and lists of flat
 * objects as a table. Ends with a line end; '' for what has nothing to say.
 */
export function valueText(value: unknown): string {
  return lines(value)
    .map((line) => `${line}\n`)
    .join('');
}

function lines(value: unknown): readonly string[] {
  if (Array.isArray(value)) return listLines(value);
  if (isObject(value)) return Object.entries(value).flatMap(([key, field]) => fieldLines(terminalText(key), field));
  return [scalarText(value)];
}

function fieldLines(key: string, value: unknown): readonly string[] {
  if (isScalar(value)) return [`${key}: ${scalarText(value)}`.trimEnd()];
  const inner = lines(value);
  return inner.length === 0 ? [`${key}: none`] : [`${key}:`, ...inner.map((line) => INDENT + line)];
}

function listLines(list: readonly unknown[]): readonly string[] {
  if (list.every(isFlatObject)) return tableLines(list);
  // The parameter lists of `which COMMAND`.
  if (list.every(isScalarList)) return list.map((items) => items.map(scalarText).join(', ') || '-');
  return list.flatMap((item) => {
    const inner = lines(item);
    return isScalar(item) ? inner : inner.map((line, at) => (at === 0 ? '- ' : INDENT) + line);
  });
}

function tableLines(rows: readonly Fields[]): readonly string[] {
  if (rows.length === 0) return [];
  const headings = [...new Set(rows.flatMap(Object.keys))];
  const cells: Cells[] = [
    headings.map(terminalText),
    ...rows.map((row) => headings.map((heading) => (heading in row ? scalarText(row[heading]) : ''))),
  ];
  const widths = columnWidths(cells);
  return cells.map((row) => rowText(row, widths).trimEnd());
}

function scalarText(value: unknown): string {
  return terminalText(String(value));
}

function isScalar(value: unknown): boolean {
  return typeof value !== 'object' || value === null;
}

function isObject(value: unknown): value is Fields {
  return !isScalar(value) && !Array.isArray(value);
}

function isFlatObject(value: unknown): value is Fields {
  return isObject(value) && Object.values(value).every(isScalar);
}

function isScalarList(value: unknown): value is readonly unknown[] {
  return Array.isArray(value) && value.every(isScalar);
}
