import type { DrachtioPlace, PlaceTransport } from './place.ts';

/** Where a request of an app goes, or why it goes nowhere. */
export type Route =
  | { readonly kind: 'send'; readonly transport: PlaceTransport; readonly address: string; readonly port: number }
  /** A name: the server resolves none that these tests have. */
  | { readonly kind: 'unresolved' }
  /** A sips URI, and no socket for it. */
  | { readonly kind: 'no-tls' }
  /** The server refuses to send; the words are its own. */
  | { readonly kind: 'refused'; readonly reason: string };

const URI = /^(sips?):(?:([^@]*)@)?(\[[^\]]*\]|[^:;?>]*)(?::(\d+))?([^?]*)/i;

/**
 * @param uri as the app wrote it, without headers
 * @param hop the next hop that the app named, '' = none; then the first Route of the URI, then the URI itself decides
 */
export function routeOf(uri: string, hop: string, route: string | undefined, place: DrachtioPlace): Route {
  const target = hop === '' ? uri : hop;
  const transport = transportOf(target, place);
  if (transport === undefined || target.includes('[')) {
    return { kind: 'refused', reason: 'requested protocol/transport not available' };
  }
  // Without brackets around it what follows a semicolon is no part of the URI any more.
  if (/^[^@]*;[^@]*@/.test(uri)) return { kind: 'refused', reason: `invalid request-uri: ${uri}` };
  const [, , , host = '', port = '5060'] = URI.exec(uri) ?? [];
  if (host === place.address && [place.sipPort, place.wsPort].includes(Number(port))) {
    return { kind: 'refused', reason: 'can not send request to myself' };
  }
  const next = hop === '' && route !== undefined ? route.replace(/^<|>.*$/g, '') : target;
  const [, scheme = '', , nextHost = '', nextPort = '5060'] = URI.exec(next) ?? [];
  if (scheme.toLowerCase() === 'sips') return { kind: 'no-tls' };
  if (!/^\d+\.\d+\.\d+\.\d+$/.test(nextHost)) return { kind: 'unresolved' };
  return { kind: 'send', transport, address: nextHost, port: Number(nextPort) };
}

/** Undefined where the server has no socket for it. */
function transportOf(target: string, { wsPort }: DrachtioPlace): PlaceTransport | undefined {
  const transport = /;transport=(\w+)/i.exec(target)?.[1]?.toLowerCase() ?? 'udp';
  if (transport === 'udp' || transport === 'tcp') return transport;
  return transport === 'ws' && wsPort !== undefined ? transport : undefined;
}
