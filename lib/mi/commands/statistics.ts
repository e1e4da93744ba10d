/** What a statistic is: a `counter` only grows and can be reset, a `gauge` is how things are. */
type StatisticKind = 'counter' | 'gauge';

interface StatisticsSource {
  /** All statistics as they are now, by `group:name`; counters since the start. */
  read(): ReadonlyMap<string, number>;
  kindOf(name: string): StatisticKind;
}

/**
 * The statistics as `get_statistics` shows them: counters since the start or since they were reset. A reset only moves
 * where counting begins here; who counts goes on, and so do others that read the counters, such as /metrics.
 */
export class Statistics {
  readonly #source: StatisticsSource;
  /** As many entries at most as there are counters. */
  readonly #resetAt = new Map<string, number>();

  constructor(source: StatisticsSource) {
    this.#source = source;
  }

  values(): ReadonlyMap<string, number> {
    const values = new Map<string, number>();
    for (const [name, value] of this.#source.read()) values.set(name, value - (this.#resetAt.get(name) ?? 0));
    return values;
  }

  /**
   * Those that are asked for: `group:name`, a name alone, `group:` for a whole group, or `all`. What does not exist is
   * left out.
   */
  find(wanted: readonly string[]): ReadonlyMap<string, number> {
    const found = [...this.values()].filter(([name]) => wanted.some((want) => isWanted(name, want)));
    return new Map(found);
  }

  kindOf(name: string): StatisticKind {
    return this.#source.kindOf(name);
  }

  /** Counting begins anew; a gauge stays what it is. */
  reset(names: Iterable<string>): void {
    const now = this.#source.read();
    for (const name of names) {
      const value = now.get(name);
      if (value !== undefined && this.kindOf(name) === 'counter') this.#resetAt.set(name, value);
    }
  }
}

function isWanted(name: string, want: string): boolean {
  if (want === 'all' || want === name) return true;
  return want.endsWith(':') ? name.startsWith(want) : name.endsWith(`:${want}`);
}
