import type { DelayFigures, DumpFigures } from './measure-delay.ts';
import type { PingFigures } from './measure-pings.ts';
import { LOADS, type CpuFigures, type Figures, type MemoryFigures } from './measure.ts';
import { median } from './percentile.ts';
import type { DelayReading } from './probed-daemon.ts';
import { mebibytes, table } from './table.ts';

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

export function delayTable(figures: DelayFigures): string {
  const { contacts, perSecond, resent } = figures;
  const title = `event-loop delay while ${contacts} contacts are refreshed at ${Math.round(perSecond)}/s`;
  return table([title, ''], [...delayRows(figures), ['sent again', String(resent)]]);
}

export function dumpTable(figures: DumpFigures): string {
  const { contacts, perSecond, seconds, bytes, addedBytes } = figures;
  return table(
    [`ul_dump of ${contacts} contacts under ${Math.round(perSecond)} REGISTER/s`, ''],
    [
      ['memory added, MiB', mebibytes(addedBytes)],
      ['seconds', seconds.toFixed(1)],
      ['size, MiB', mebibytes(bytes)],
      ...delayRows(figures),
    ],
  );
}

export function pingTable({ contacts, intervalS, cpuUsPerPing, pingsPerSecond }: PingFigures): string {
  return table(
    [`pings of ${contacts} contacts every ${intervalS} s`, ''],
    [
      ['CPU-µs per ping and answer', cpuUsPerPing.toFixed(1)],
      ['pings a second', String(Math.round(pingsPerSecond))],
      ['pings a second on one core at that price', String(Math.round(1e6 / cpuUsPerPing))],
    ],
  );
}

function delayRows({ p99Ms, longestMs, longestCpuMs, longestGcMs }: DelayReading): readonly (readonly string[])[] {
  return [
    ['99th percentile, ms', p99Ms.toFixed(1)],
    ['longest, ms', longestMs.toFixed(1)],
    ['longest, CPU-ms of its own', longestCpuMs.toFixed(1)],
    ['longest garbage collection, ms', longestGcMs.toFixed(1)],
  ];
}
