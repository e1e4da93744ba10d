import type { TextOutput } from './cli-command.ts';
import { terminalText } from './terminal-text.ts';

/** Column widths are taken from so many rows; what is wider later pushes the rest of its row aside. */
const SAMPLE_ROWS = 200;
const COLUMN_WIDTH_MAX = 60;
const GAP = '  ';

/** Writes rows under headings, as they come. */
export class TextTable {
  readonly #out: TextOutput;
  readonly #sample: (readonly string[])[];
  #widths: readonly number[] | undefined;

  constructor(out: TextOutput, headings: readonly string[]) {
    this.#out = out;
    this.#sample = [headings];
  }

  async row(cells: readonly string[]): Promise<void> {
    const shown = cells.map(terminalText);
    if (this.#widths !== undefined) return this.#out.write(line(shown, this.#widths));
    this.#sample.push(shown);
    if (this.#sample.length > SAMPLE_ROWS) await this.#writeSample();
  }

  /** @param emptyText is written in place of the headings when there was no row */
  async end(emptyText: string): Promise<void> {
    if (this.#widths !== undefined) return;
    await (this.#sample.length === 1 ? this.#out.write(emptyText) : this.#writeSample());
  }

  async #writeSample(): Promise<void> {
    const widths = columnWidths(this.#sample);
    this.#widths = widths;
    await this.#out.write(this.#sample.map((cells) => line(cells, widths)).join(''));
    this.#sample.length = 0;
  }
}

function columnWidths(rows: readonly (readonly string[])[]): readonly number[] {
  const widths: number[] = [];
  for (const row of rows) {
    for (const [column, cell] of row.entries()) {
      widths[column] = Math.min(Math.max(widths[column] ?? 0, cell.length), COLUMN_WIDTH_MAX);
    }
  }
  return widths;
}

function line(cells: readonly string[], widths: readonly number[]): string {
  return `${cells
    .map((cell, column) => cell.padEnd(widths[column] ?? 0))
    .join(GAP)
    .trimEnd()}\n`;
}
