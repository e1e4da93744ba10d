import { OperationalError } from '../core/errors.ts';

/** Nothing answers on the management socket. */
export class NoDaemon extends OperationalError {
  readonly socketPath: string;
  /** `missing`: there is no such socket; `dead`: there is one, which its daemon has left behind. */
  readonly reason: 'missing' | 'dead';

  constructor(socketPath: string, reason: 'missing' | 'dead', cause: Error) {
    super(`nothing answers on ${socketPath}; is twinreg running? Start it with: twinreg run`, { cause });
    this.socketPath = socketPath;
    this.reason = reason;
  }
}
