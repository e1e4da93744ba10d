/** Where MI over HTTP is served, and for whom. */
export interface HttpSettings {
  /** IP address; IPv6 without brackets. */
  readonly address: string;
  readonly port: number;
  /** Whether an operator asked for this address. If not, HTTP is left out when another program has the port. */
  readonly isConfigured: boolean;
  /** The path without its slash, as OpenSIPS's `root`. */
  readonly root: string;
  readonly token: TokenSource;
}

export type TokenSource =
  | { readonly kind: 'none' }
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'file'; readonly path: string };
