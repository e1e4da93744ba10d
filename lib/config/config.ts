import type { ConfigKeys } from './config-schema.ts';
import type { ListenAddress } from './listen-address.ts';

/** The configuration as it is in force: the file's keys with their defaults, and what follows from several of them. */
export interface Config {
  readonly listen: readonly ListenAddress[];
  /** Absolute path of the folder for everything that this node keeps; it need not exist yet. */
  readonly dataFolder: string;
  /** What usrloc's working mode means for the disk. */
  readonly persistence: Persistence;
  /** Absolute path of the management socket. */
  readonly miSocketPath: string;
  /** Paths in it are absolute, but for `socket`, which `miSocketPath` stands for. */
  readonly mi: ConfigKeys['mi'];
  readonly nodeId: number;
  /** The sections, under OpenSIPS's names and in its units: seconds, booleans, texts. */
  readonly usrloc: ConfigKeys['usrloc'];
  readonly registrar: ConfigKeys['registrar'];
  readonly nathelper: ConfigKeys['nathelper'];
  readonly policy: ConfigKeys['policy'];
  readonly sip: ConfigKeys['sip'];
  readonly log: ConfigKeys['log'];
}

export type Persistence =
  | { readonly kind: 'none' }
  | {
      readonly kind: 'sqlite';
      /** Absolute. */
      readonly path: string;
      readonly writeMode: 'write-through' | 'write-back';
      readonly flushIntervalMs: number;
    };
