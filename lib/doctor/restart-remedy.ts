import type { Config } from '../config/config.ts';

/** How to restart what phones depend on: of a pair the other node has them meanwhile. @param what `restart the daemon` */
export function restartRemedy(what: string, { cluster }: Pick<Config, 'cluster'>): string {
  return cluster === undefined ? what : `${what}; the active node hands over first (twinreg handover)`;
}
