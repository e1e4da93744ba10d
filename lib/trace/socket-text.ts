import type { Transport } from '../sip/engine.ts';

/** `udp:192.0.2.10:5060`; IPv6 gets brackets. */
export function socketText(transport: Transport, host: string, port: number): string {
  return `${transport}:${host.includes(':') ? `[${host}]` : host}:${String(port)}`;
}
