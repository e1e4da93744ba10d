/**
 * What was seen of a subject that an operator should know. `error`: calls are lost now, or will be at the next failover;
 * `warning`: it works, and will not always; `info`: it is as it may be, and may surprise; `unchecked`: it could not be looked at.
 */
export interface Finding {
  readonly level: 'error' | 'warning' | 'info' | 'unchecked';
  /** What was found, with the setting or the path that it was found at. One line. */
  readonly found: string;
  /** What to do. One line. */
  readonly remedy: string;
}

export function error(found: string, remedy: string): Finding {
  return { level: 'error', found, remedy };
}

export function warning(found: string, remedy: string): Finding {
  return { level: 'warning', found, remedy };
}

export function info(found: string, remedy: string): Finding {
  return { level: 'info', found, remedy };
}

export function unchecked(found: string, remedy: string): Finding {
  return { level: 'unchecked', found, remedy };
}
