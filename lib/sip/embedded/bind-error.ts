import { OperationalError } from '../../core/errors.ts';
import { isLoopback } from '../../core/is-loopback.ts';
import type { ListenerSettings } from '../serving/listener-settings.ts';
import { isWildcard, socketName } from '../serving/listening-socket.ts';

/**
 * Whether the address may come by itself: it is on the other node; or, of a loopback address, the other node is on this
 * machine and has bound it.
 */
export function mayComeLater({ address }: { readonly address: string }, error: unknown): boolean {
  switch (errorCode(error instanceof OperationalError ? error.cause : error)) {
    case 'EADDRNOTAVAIL':
      return !isWildcard(address);
    case 'EADDRINUSE':
      return isLoopback(address);
    default:
      return false;
  }
}

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
