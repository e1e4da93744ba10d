import type { NodeName } from '../world/node-name.ts';

/** Contacts of the histories; each AoR may have all of them. */
export type ContactName = 'c0' | 'c1' | 'c2' | 'c3';

/** Where a request goes: to a node, or to whoever has the virtual IP (both: to the named one of them). */
export type Target = NodeName | { readonly vip: NodeName };

export interface ContactWish {
  readonly contact: ContactName;
  /** Written otherwise, so that its key is another one: an equal contact all the same (RFC 3261 §19.1.4). */
  readonly otherwise?: boolean;
  /** 0 = unregister. */
  readonly expiresS: number;
}

export type DiskFate = 'kept' | 'wiped' | 'one-flush-old';

/** What a phone sends. Phones number their requests themselves. */
export type PhoneEvent =
  | {
      readonly kind: 'register';
      readonly phone: number;
      readonly aor: number;
      readonly contacts: readonly ContactWish[];
      readonly to: Target;
    }
  | { readonly kind: 'star'; readonly phone: number; readonly aor: number; readonly to: Target }
  | { readonly kind: 'query'; readonly aor: number; readonly to: Target }
  /** The same request once more: a retransmission, or a copy that the network kept. `of` counts the events of the plan that this one was made with. */
  | { readonly kind: 'again'; readonly of: number; readonly to: Target };

/** What an operator does through the management interface of one node. */
export type OperatorEvent =
  | {
      readonly kind: 'mi-add';
      readonly aor: number;
      readonly contact: ContactName;
      /** 0 = permanent. */
      readonly expiresS: number;
      readonly node: NodeName;
    }
  | { readonly kind: 'mi-remove'; readonly aor: number; readonly contact: ContactName; readonly node: NodeName }
  | { readonly kind: 'mi-remove-all'; readonly aor: number; readonly node: NodeName }
  /** So many other AoRs get a contact each, so that a reconciliation takes more than one frame. */
  | { readonly kind: 'crowd'; readonly count: number; readonly expiresS: number; readonly node: NodeName }
  | { readonly kind: 'cluster-sync'; readonly node: NodeName };

/** What keepalived does, and what pings find. */
export type RoleEvent =
  /** The address is on these nodes from now on. */
  | { readonly kind: 'vip'; readonly on: readonly NodeName[] }
  /** `nh_enable_ping`. */
  | { readonly kind: 'role'; readonly node: NodeName; readonly active: boolean }
  /** All pings to the contact are lost at this node, `judgedAfterMs` from now for the last time. */
  | {
      readonly kind: 'pings-lost';
      readonly node: NodeName;
      readonly aor: number;
      readonly contact: ContactName;
      readonly judgedAfterMs: number;
    };

/** What goes wrong with a node. */
export type NodeFault =
  /** The process, or with `silently` the machine, is gone, and starts again. */
  | {
      readonly kind: 'crash';
      readonly node: NodeName;
      readonly downMs: number;
      readonly silently?: boolean;
      readonly disk: DiskFate;
      /** The wall clock is set while the node is down. */
      readonly wallStepMs?: number;
    }
  /** An orderly restart. */
  | { readonly kind: 'restart'; readonly node: NodeName; readonly downMs: number }
  /** SIGSTOP, and SIGCONT. */
  | { readonly kind: 'stop'; readonly node: NodeName; readonly forMs: number; readonly sipFirst: boolean }
  | { readonly kind: 'disk-stall'; readonly node: NodeName; readonly forMs: number }
  | { readonly kind: 'wall-step'; readonly node: NodeName; readonly byMs: number };

/** What goes wrong between the nodes. */
export type LinkFault =
  | { readonly kind: 'cut'; readonly forMs: number; readonly heardAfterMs: Readonly<Record<NodeName, number>> }
  /** Nothing arrives at these nodes, and nothing is closed. */
  | { readonly kind: 'freeze'; readonly at: readonly NodeName[]; readonly forMs: number }
  | { readonly kind: 'half-close'; readonly node: NodeName }
  | { readonly kind: 'delay'; readonly to: NodeName; readonly byMs: number; readonly forMs: number }
  | { readonly kind: 'slow-reader'; readonly node: NodeName; readonly bytesPerMs: number; readonly forMs: number };

/** Without a link time passes at one go: what would have happened meanwhile happens late. */
export interface TimeJump {
  readonly kind: 'jump';
  readonly byMs: number;
}

export type PlannedEvent = PhoneEvent | OperatorEvent | RoleEvent | NodeFault | LinkFault | TimeJump;

/** An event at its moment, counted in milliseconds from the beginning; `id` is its place in the plan as it was made. */
export interface TimedEvent {
  readonly id: number;
  readonly atMs: number;
  readonly event: PlannedEvent;
}
