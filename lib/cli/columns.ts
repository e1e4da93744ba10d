export type Cells = readonly string[];

/** A column is no wider by itself; a longer cell pushes the rest of its row aside, or is cut where there is a limit. */
const COLUMN_WIDTH_MAX = 60;
/** Where the terminal is narrow, columns are cut down to this, and no further. */
const COLUMN_WIDTH_MIN = 6;
const GAP = '  ';

export interface Room {
  /** How wide a row may be. */
  readonly columns: number;
  /** So many columns at the beginning are cut only when all others are as narrow as they may be. */
  readonly keep: number;
}

/** How wide each column is to be: as its widest cell, and not more in sum than there is room for. */
export function columnWidths(rows: readonly Cells[], room?: Room): readonly number[] {
  const widths: number[] = [];
  for (const row of rows) {
    for (const [column, cell] of row.entries()) {
      widths[column] = Math.min(Math.max(widths[column] ?? 0, cell.length), COLUMN_WIDTH_MAX);
    }
  }
  if (room === undefined) return widths;
  const excess = widths.reduce((sum, width) => sum + width + GAP.length, -GAP.length) - room.columns;
  const rest = narrowed(widths, room.keep, excess);
  narrowed(widths, 0, rest);
  return widths;
}

/** Takes letters from the widest of the columns that begin with this one; @returns how many could not be taken. */
function narrowed(widths: number[], first: number, excess: number): number {
  let left = excess;
  while (left > 0) {
    const width = Math.max(...widths.slice(first));
    if (width <= COLUMN_WIDTH_MIN) break;
    widths[widths.indexOf(width, first)] = width - 1;
    left -= 1;
  }
  return left;
}

/** One row, with its line end, and without blanks before it. */
export function rowText(cells: Cells, widths: readonly number[]): string {
  const padded = cells.map((cell, column) => cell.padEnd(widths[column] ?? 0));
  return `${padded.join(GAP).trimEnd()}\n`;
}

/** The cells of a row that must not be wider than its columns: what is longer ends with `…`. */
export function cutCells(cells: Cells, widths: readonly number[]): Cells {
  return cells.map((cell, column) => {
    const width = widths[column] ?? cell.length;
    return cell.length <= width ? cell : `${cell.slice(0, Math.max(width - 1, 0))}…`;
  });
}
