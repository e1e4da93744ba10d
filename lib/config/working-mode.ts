/** The three low-level settings of usrloc that a preset stands for. */
export interface WorkingMode {
  readonly cluster_mode: 'none' | 'full-sharing';
  readonly restart_persistency: 'none' | 'load-from-sql' | 'sync-from-cluster';
  readonly sql_write_mode: 'none' | 'write-through' | 'write-back';
}

export const PRESET_NAMES = [
  'single-instance-no-db',
  'single-instance-sql-write-through',
  'single-instance-sql-write-back',
  'full-sharing-cluster',
  'full-sharing-cluster-sql-write-back',
  'full-sharing-cluster-sql-write-through',
] as const;

export type Preset = (typeof PRESET_NAMES)[number];

const SHARED_AND_WRITTEN: WorkingMode = {
  cluster_mode: 'full-sharing',
  restart_persistency: 'load-from-sql',
  sql_write_mode: 'write-back',
};

/**
 * The single-instance presets are usrloc's. There `full-sharing-cluster` writes nothing to SQL, so that all contacts are
 * gone when both nodes stop; operators put together by hand what it is here. Who wants the disk left alone says so with
 * the low-level keys.
 */
export const PRESETS: Readonly<Record<Preset, WorkingMode>> = {
  'single-instance-no-db': { cluster_mode: 'none', restart_persistency: 'none', sql_write_mode: 'none' },
  'single-instance-sql-write-through': {
    cluster_mode: 'none',
    restart_persistency: 'load-from-sql',
    sql_write_mode: 'write-through',
  },
  'single-instance-sql-write-back': {
    cluster_mode: 'none',
    restart_persistency: 'load-from-sql',
    sql_write_mode: 'write-back',
  },
  'full-sharing-cluster': SHARED_AND_WRITTEN,
  'full-sharing-cluster-sql-write-back': SHARED_AND_WRITTEN,
  'full-sharing-cluster-sql-write-through': { ...SHARED_AND_WRITTEN, sql_write_mode: 'write-through' },
};

const DEFAULT_PRESET: Preset = 'single-instance-sql-write-back';

export const LOW_LEVEL_KEYS = ['cluster_mode', 'restart_persistency', 'sql_write_mode'] as const;

type GivenMode = { readonly [Key in keyof WorkingMode]?: WorkingMode[Key] | undefined };

/**
 * usrloc's rules: a preset overrides the low-level settings; these count from `none` as soon as one of them is given;
 * `load-from-sql` without a write mode means `write-back`.
 */
export function workingMode(preset: Preset | undefined, given: GivenMode): WorkingMode {
  if (preset !== undefined) return PRESETS[preset];
  if (LOW_LEVEL_KEYS.every((key) => given[key] === undefined)) return PRESETS[DEFAULT_PRESET];
  const { cluster_mode = 'none', restart_persistency = 'none', sql_write_mode = 'none' } = given;
  const loadsOnly = restart_persistency === 'load-from-sql' && sql_write_mode === 'none';
  return { cluster_mode, restart_persistency, sql_write_mode: loadsOnly ? 'write-back' : sql_write_mode };
}
