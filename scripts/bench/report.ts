import { LOADS, type CpuFigures, type Figures, type MemoryFigures } from './measure.ts';

type Load = (typeof LOADS)[number];

/** A Markdown table: CPU-µs per REGISTER (medians), the rate reached, and the ratio to the first server. */
export function cpuTable(all: ReadonlyMap<string, Figures<CpuFigures>>): string {
  const [peer] = all.values();
  const rows = [...all].map(([name, figures]) => [name, ...LOADS.map((load) => cpuCell(load, figures, peer ?? []))]);
  return table(['CPU-µs per REGISTER', ...LOADS], rows);
}

function cpuCell(load: Load, figures: Figures<CpuFigures>, peer: Figures<CpuFigures>): string {
  const ours = median(figures.map((figure) => figure[load].cpuUs));
  const theirs = median(peer.map((figure) => figure[load].cpuUs));
  const perSecond = median(figures.map((figure) => figure[load].perSecond));
  const resent = figures.reduce((sum, figure) => sum + figure[load].resent, 0);
  const ratio = figures === peer ? '' : ` = ${(ours / theirs).toFixed(2)} ×`;
  return `${ours.toFixed(1)}${ratio} (${Math.round(perSecond / 100) / 10}k/s${resent > 0 ? `, ${resent} resent` : ''})`;
}

export function memoryTable(contacts: number, all: ReadonlyMap<string, MemoryFigures>): string {
  const rows = [...all].map(([name, { emptyBytes, fullBytes }]) => [
    name,
    mebibytes(emptyBytes),
    mebibytes(fullBytes),
    String(Math.round((fullBytes - emptyBytes) / contacts)),
  ]);
  return table([`${contacts} contacts`, 'empty, MiB', 'full, MiB', 'bytes a contact'], rows);
}

function mebibytes(bytes: number): string {
  return (bytes / 1024 / 1024).toFixed(0);
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line), ''].join('\n');
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}
