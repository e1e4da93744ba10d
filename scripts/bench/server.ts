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

/** The servers run on the first core, the load on the second, so that one does not wait for the other. */
export const SERVER_CORE = '0';
export const LOAD_CORE = '1';
export const ADDRESS = '127.0.0.1';
