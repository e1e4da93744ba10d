import { OperationalError } from '../core/errors.ts';
import { NoDaemon } from './no-daemon.ts';

/** What a failed connection to the management socket means to an operator; anything else comes back as it is. */
export function connectError(path: string, err: unknown): unknown {
  // A refusal of the daemon has a code of its own.
  if (!(err instanceof Error) || err instanceof OperationalError || !('code' in err)) return err;
  switch (err.code) {
    case 'ENOENT':
    case 'ENOTDIR':
      return new NoDaemon(path, 'missing', err);
    case 'ECONNREFUSED':
    case 'ENOTSOCK':
      return new NoDaemon(path, 'dead', err);
    case 'EACCES':
    case 'EPERM':
      return new OperationalError(`${path} is for the daemon's user and group only; run this as one of them`, {
        cause: err,
      });
    case 'EINVAL':
      return new OperationalError(`${path} is too long for the path of a socket`, { cause: err });
    default:
      return new OperationalError(`the management socket ${path} failed: ${err.message}`, { cause: err });
  }
}
