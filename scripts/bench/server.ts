/** A registrar under test, as the bench sees it: started, fed over UDP, measured from /proc, stopped. */
export interface Server {
  readonly name: string;
  readonly address: string;
  readonly port: number;
  /** All its processes. */
  pids(): readonly number[];
  stop(): Promise<void>;
}

/** Starts a server in an empty state below `folder`; resolves when it answers SIP. */
export type StartServer = (folder: string, port: number) => Promise<Server>;

/** Two registrars that replicate to each other. The load goes to `active`; `passive` gets what that one sends it. */
export interface ServerPair {
  readonly name: string;
  readonly active: Server;
  readonly passive: Server;
  stop(): Promise<void>;
}

/** Starts a pair in an empty state below `folder`; resolves when each shows what was registered at the other. */
export type StartPair = (folder: string, port: number) => Promise<ServerPair>;

/** Where a server listens and which core it runs on. */
export interface Place {
  readonly address: string;
  readonly port: number;
  readonly core: string;
}

/** The servers run on the first core, the load on the second, so that one does not wait for the other. */
export const SERVER_CORE = '0';
export const LOAD_CORE = '1';
export const ADDRESS = '127.0.0.1';

/**
 * Of a pair the active node has the first core for itself: it has the most to do, and its rate is what a pair can carry. The
 * passive node shares the second one with the load.
 */
const PAIR_ADDRESSES = { active: '127.0.1.1', passive: '127.0.1.2' } as const;

export function pairPlaces(port: number): { readonly active: Place; readonly passive: Place } {
  return {
    active: { address: PAIR_ADDRESSES.active, port, core: SERVER_CORE },
    passive: { address: PAIR_ADDRESSES.passive, port, core: LOAD_CORE },
  };
}
