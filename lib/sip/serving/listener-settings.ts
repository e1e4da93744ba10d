/** One address that the engine listens on. */
export interface ListenerSettings {
  readonly transport: 'udp' | 'tcp';
  /** A numeric address; IPv6 without brackets. `0.0.0.0` and `::` listen on all of their family. */
  readonly address: string;
  /** 0 takes a free port; the one taken stands in the engine's `sockets`. */
  readonly port: number;
  /** What the outside knows this listener as (OpenSIPS: `socket=… as HOST:PORT`), IPv6 without brackets; port 0 = the bound one. */
  readonly advertised: { readonly host: string; readonly port: number } | undefined;
}
