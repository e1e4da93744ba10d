import { hostPortText } from '../core/host-port.ts';
import { canonicalAddress } from './movable-addresses.ts';
import { readText } from './read-path.ts';
import { runProgram } from './run-program.ts';

/** Octets. */
export type ReceiveBuffer =
  /** Of sockets that are open: the smallest. */
  | { readonly kind: 'socket'; readonly size: number }
  /** What the kernel gives a socket that asks for nothing. */
  | { readonly kind: 'default'; readonly size: number }
  | { readonly kind: 'unknown' };

export const RMEM_DEFAULT = 'net.core.rmem_default';
const VALUE_BYTES_MAX = 64;

/** What the kernel may hold of datagrams not yet read at these UDP sockets; while none is open, at the next one. */
export async function readReceiveBuffer(
  places: readonly { readonly address: string; readonly port: number }[],
): Promise<ReceiveBuffer> {
  const names = new Set(places.map(({ address, port }) => socketText(address, port)));
  const ran = await runProgram('ss', ['-H', '-l', '-u', '-n', '-m']);
  const sizes = ran.kind === 'ended' ? buffersIn(ran.out).filter(([name]) => names.has(name)) : [];
  if (sizes.length > 0) return { kind: 'socket', size: Math.min(...sizes.map(([, size]) => size)) };
  const found = await readText(`/proc/sys/${RMEM_DEFAULT.replaceAll('.', '/')}`, VALUE_BYTES_MAX);
  return found.kind === 'text' ? { kind: 'default', size: Number(found.text.trim()) } : { kind: 'unknown' };
}

/** Reads what `ss -H -lunm` prints: a line for each socket, with its memory behind it or on the next line. */
export function buffersIn(text: string): readonly (readonly [socket: string, size: number])[] {
  return text
    .replace(/\n[ \t]+/g, ' ')
    .split('\n')
    .flatMap((line) => {
      const [, host = '', port = '', size = ''] =
        /^\S+\s+\d+\s+\d+\s+(\S+):(\d+)\s.*skmem:\(r\d+,rb(\d+)/.exec(line) ?? [];
      // `%eth0` behind an address: the interface that the socket is for.
      const address = host.replace(/^\[|\]$/g, '').replace(/%.*$/, '');
      return size === '' ? [] : [[socketText(address, Number(port)), Number(size)] as const];
    });
}

function socketText(address: string, port: number): string {
  return hostPortText(canonicalAddress(address), port);
}
