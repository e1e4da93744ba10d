import type { TextOutput } from './cli-command.ts';
import { columnWidths, cutCells, rowText, type Cells, type Room } from './columns.ts';
import { terminalText } from './terminal-text.ts';

/** Column widths are taken from so many rows; what is wider later pushes the rest of its row aside, or is cut. */
const SAMPLE_ROWS = 200;

export interface TableOptions {
  /** On a terminal; longer cells are cut. */
  readonly room?: Room | undefined;
  /** So many columns at the end are left out when none of the first rows says anything there. */
  readonly optionalColumns?: number;
}

/** Writes rows under headings, as they come. */
export class TextTable {
  readonly #out: TextOutput;
  readonly #room: Room | undefined;
  readonly #optionalColumns: number;
  #sample: Cells[];
  #widths: readonly number[] | undefined;

  constructor(out: TextOutput, headings: Cells, { room, optionalColumns = 0 }: TableOptions = {}) {
    this.#out = out;
    this.#room = room;
    this.#optionalColumns = optionalColumns;
    this.#sample = [headings];
  }

  async row(cells: Cells): Promise<void> {
    const shown = cells.map(terminalText);
    if (this.#widths !== undefined) return this.#out.write(this.#line(shown, this.#widths));
    this.#sample.push(shown);
    if (this.#sample.length > SAMPLE_ROWS) await this.#writeSample();
  }

  /** Without a row there are the headings alone. */
  async end(): Promise<void> {
    if (this.#widths === undefined) await this.#writeSample();
  }

  async #writeSample(): Promise<void> {
    const columns = this.#columnsUsed();
    const rows = this.#sample.map((cells) => cells.slice(0, columns));
    const widths = columnWidths(rows, this.#room);
    this.#widths = widths;
    this.#sample = [];
    await this.#out.write(rows.map((cells) => this.#line(cells, widths)).join(''));
  }

  #columnsUsed(): number {
    const [headings = [], ...rows] = this.#sample;
    let columns = headings.length;
    const least = columns - this.#optionalColumns;
    while (columns > least && rows.every((cells) => (cells[columns - 1] ?? '') === '')) columns -= 1;
    return columns;
  }

  #line(cells: Cells, widths: readonly number[]): string {
    return rowText(this.#room === undefined ? cells : cutCells(cells, widths), widths);
  }
}
