import { FRONTED_LOADS, FRONTED_PER_S, type FrontedFigure, type FrontedFigures } from './measure-fronted.ts';
import type { PingFigures } from './measure-pings.ts';
import { median } from './percentile.ts';
import { table } from './table.ts';

type Load = (typeof FRONTED_LOADS)[number];
type Rounds = readonly FrontedFigures[];

/** CPU-µs per REGISTER of drachtio-server and of the registrar (medians of the rounds), and the rate. */
export function frontedTable(all: ReadonlyMap<string, Rounds>): string {
  const rows = [...all].flatMap(([name, rounds]) => {
    const active = [name, ...FRONTED_LOADS.map((load) => activeCell(load, rounds))];
    if (!name.includes('pair')) return [active];
    return [active, [`${name}: passive node`, ...FRONTED_LOADS.map((load) => passiveCell(load, rounds))]];
  });
  return table(['CPU-µs per REGISTER: drachtio-server + registrar', ...FRONTED_LOADS], rows);
}

function activeCell(load: Load, rounds: Rounds): string {
  const figures = figuresOf(load, rounds);
  if (figures.length === 0) return 'none holds';
  const resent = figures.reduce((sum, figure) => sum + figure.resent, 0);
  const rate = `${(medianOf(figures, 'perSecond') / 1000).toFixed(1)}k/s`;
  return `${sumText(figures, 'frontUs', 'ownUs')} (${rate}${resent > 0 ? `, ${resent} resent` : ''})`;
}

function passiveCell(load: Load, rounds: Rounds): string {
  const figures = figuresOf(load, rounds);
  return figures.length === 0 ? '' : sumText(figures, 'passiveFrontUs', 'passiveUs');
}

function sumText(figures: readonly FrontedFigure[], front: keyof FrontedFigure, own: keyof FrontedFigure): string {
  return `${medianOf(figures, front).toFixed(1)} + ${medianOf(figures, own).toFixed(1)}`;
}

/** What replication and persistence may cost beyond the application of ten lines, CPU-µs per REGISTER. */
const BEYOND_APP_US_MAX = 40;
const GOAL_LOADS = [`new, ${FRONTED_PER_S}/s`, `refresh, ${FRONTED_PER_S}/s`] as const;

/** The pair that replicates and persists, less the application, which is the first one. */
export function goalTable(all: ReadonlyMap<string, Rounds>): string {
  const [app = []] = all.values();
  const [, pair = []] = [...all].find(([name]) => name.includes('drachtio pair')) ?? [];
  const more = (load: Load, of: 'frontUs' | 'ownUs'): number =>
    medianOf(figuresOf(load, pair), of) - medianOf(figuresOf(load, app), of);
  const rows = GOAL_LOADS.map((load) => {
    const [front, own] = [more(load, 'frontUs'), more(load, 'ownUs')];
    const isMet = front + own <= BEYOND_APP_US_MAX;
    return [load, signed(front), signed(own), `${signed(front + own)}: ${isMet ? 'met' : 'MISSED'}`];
  });
  const goal = `both; goal: at most ${signed(BEYOND_APP_US_MAX)}`;
  return table(['drachtio pair, active node, less the app', 'drachtio-server', 'registrar', goal], rows);
}

/** CPU-µs per ping and answer of drachtio-server and of the registrar. */
export function frontedPingTable(all: ReadonlyMap<string, readonly PingFigures[]>): string {
  const rows = [...all].flatMap(([name, rounds]) =>
    rounds.map(({ contacts, intervalS, pingsPerSecond, frontUsPerPing, cpuUsPerPing }) => [
      name,
      String(contacts / intervalS),
      String(Math.round(pingsPerSecond)),
      frontUsPerPing.toFixed(1),
      cpuUsPerPing.toFixed(1),
    ]),
  );
  const cost = ['CPU-µs per ping of drachtio-server', 'of the registrar'];
  return table(['pings', 'due a second', 'answered a second', ...cost], rows);
}

function figuresOf(load: Load, rounds: Rounds): readonly FrontedFigure[] {
  return rounds.flatMap((figures) => figures[load] ?? []);
}

function medianOf(figures: readonly FrontedFigure[], of: keyof FrontedFigure): number {
  return median(figures.map((figure) => figure[of]));
}

function signed(us: number): string {
  return `${us < 0 ? '−' : '+'}${Math.abs(us).toFixed(1)}`;
}
