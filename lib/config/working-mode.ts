/** The three low-level settings of usrloc that a preset stands for. */
export interface WorkingMode {
  readonly cluster_mode: 'none';
  readonly restart_persistency: 'none' | 'load-from-sql';
  readonly sql_write_mode: 'none' | 'write-through' | 'write-back';
}

export const PRESET_NAMES = [
  'single-instance-no-db',
  'single-instance-sql-write-through',
  'single-instance-sql-write-back',
] as const;

export type Preset = (typeof PRESET_NAMES)[number];

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
