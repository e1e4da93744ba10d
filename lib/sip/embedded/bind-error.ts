import { OperationalError } from '../../core/errors.ts';
import type { ListenerSettings } from './engine-settings.ts';
import { socketName } from './listening-socket.ts';

/** What an operator can do about a socket that cannot be bound. */
export function bindError(listener: ListenerSettings, error: unknown): OperationalError {
  const name = socketName(listener.transport, listener.address, listener.port);
  return new OperationalError(`listen: cannot bind ${name}: ${remedy(listener, error)}`, { cause: error });
}

function remedy(listener: ListenerSettings, error: unknown): string {
  const port = String(listener.port);
  switch (errorCode(error)) {
    case 'EADDRINUSE': {
      const show = `ss -l${listener.transport === 'udp' ? 'u' : 't'}np 'sport = :${port}'`;
      return `another process holds this port: stop it (${show} shows it), or choose another port with --listen`;
    }
    case 'EADDRNOTAVAIL':
      return 'no interface of this host has this address: give it to one, or choose another address with --listen';
    case 'EACCES':
      return 'not permitted: a port below 1024 needs root or CAP_NET_BIND_SERVICE; choose a higher one with --listen';
    default:
      return error instanceof Error ? error.message : String(error);
  }
}

function errorCode(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}
