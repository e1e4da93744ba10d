import type { LagFigures } from './measure-lag.ts';
import type { PairFigures } from './measure-pair.ts';
import type { JoinFigures, NodeFigures } from './measure-sync.ts';
import { LOADS } from './measure.ts';
import { median, percentile } from './percentile.ts';
import { mebibytes, table } from './table.ts';

type Load = (typeof LOADS)[number];
type Side = 'activeUs' | 'passiveUs';

/** CPU-µs per REGISTER of each node (medians of the rounds), the rate reached, and the ratio to the first pair. */
export function pairTable(all: ReadonlyMap<string, readonly PairFigures[]>): string {
  const [peer = []] = all.values();
  const rows = [...all].flatMap(([name, figures]) => [
    [`${name}: active`, ...LOADS.map((load) => cell(load, 'activeUs', figures, peer)), sustainedText(figures)],
    [`${name}: passive`, ...LOADS.map((load) => cell(load, 'passiveUs', figures, peer)), ''],
  ]);
  return table(['CPU-µs per REGISTER, replicated', ...LOADS, 'sustained, new'], rows);
}

function cell(load: Load, side: Side, figures: readonly PairFigures[], peer: readonly PairFigures[]): string {
  const ours = median(figures.map((figure) => figure[load][side]));
  const theirs = median(peer.map((figure) => figure[load][side]));
  const ratio = figures === peer ? '' : ` = ${(ours / theirs).toFixed(2)} ×`;
  return `${ours.toFixed(1)}${ratio}${side === 'activeUs' ? rateText(load, figures) : ''}`;
}

function rateText(load: Load, figures: readonly PairFigures[]): string {
  const perSecond = median(figures.map((figure) => figure[load].perSecond));
  const resent = figures.reduce((sum, figure) => sum + figure[load].resent, 0);
  return ` (${thousands(perSecond)}${resent > 0 ? `, ${resent} resent` : ''})`;
}

function sustainedText(figures: readonly PairFigures[]): string {
  return thousands(median(figures.map(({ sustainedPerSecond }) => sustainedPerSecond)));
}

function thousands(perSecond: number): string {
  return `${(perSecond / 1000).toFixed(1)}k/s`;
}

/** Time from the 200 OK at the active node to the contact at the passive one, the time of one query included. */
export function lagTable(all: ReadonlyMap<string, readonly LagFigures[]>): string {
  const rows = [...all].flatMap(([name, figures]) => figures.map((figure) => [name, ...lagCells(figure)]));
  const head = [
    'replication lag, ms: p50 / p99 / longest',
    'beside',
    'there at the first look',
    'from the 200 until it is seen',
  ];
  return table([...head, 'of which a query takes', 'until the 200'], rows);
}

function lagCells({ loadPerSecond, atFirstLook, lagsMs, queriesMs, answersMs }: LagFigures): readonly string[] {
  const share = ((100 * atFirstLook) / lagsMs.length).toFixed(1);
  return [`${loadPerSecond} REGISTER/s`, `${share} %`, spread(lagsMs), spread(queriesMs), spread(answersMs)];
}

function spread(valuesMs: readonly number[]): string {
  return [50, 99, 100].map((percent) => percentile(valuesMs, percent).toFixed(2)).join(' / ');
}

/** A column for each way to join. */
export function syncTable(joins: readonly JoinFigures[]): string {
  const row = (name: string, cell: (join: JoinFigures) => string) => [name, ...joins.map(cell)];
  const side = (of: 'joining' | 'serving') => [
    row(`${of} node: CPU-seconds`, (join) => join[of].cpuS.toFixed(2)),
    row(`${of} node: resident before, at most, MiB`, (join) => memoryText(join[of])),
    row(`${of} node: event-loop delay p99, longest, ms`, (join) => delayText(join[of])),
    row(`${of} node: longest, CPU-ms of its own`, (join) => join[of].delay.longestCpuMs.toFixed(1)),
    row(`${of} node: longest garbage collection, ms`, (join) => join[of].delay.longestGcMs.toFixed(1)),
  ];
  return table(
    ['join under 1000 REGISTER/s', ...joins.map(({ name, contacts }) => `${contacts} contacts: ${name}`)],
    [
      row('seconds from process start until in sync', ({ seconds }) => seconds.toFixed(2)),
      row('of which until it served', ({ untilServingS }) => untilServingS.toFixed(2)),
      row('the reconciliation itself, s', ({ reconcileS }) => reconcileS.toFixed(2)),
      row('bindings received', ({ received }) => String(received)),
      row('sent again by phones; lacking in a sample of 2000', ({ resent, missing }) => `${resent}; ${missing}`),
      ...side('joining'),
      ...side('serving'),
    ],
  );
}

function memoryText({ residentBeforeBytes, residentPeakBytes }: NodeFigures): string {
  return `${mebibytes(residentBeforeBytes)}, ${mebibytes(residentPeakBytes)}`;
}

function delayText({ delay }: NodeFigures): string {
  return `${delay.p99Ms.toFixed(1)}, ${delay.longestMs.toFixed(1)}`;
}
