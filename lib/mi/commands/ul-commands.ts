import type { Clock } from '../../core/clock.ts';
import type { Persistence } from '../../storage/persistence.ts';
import type { MiCommand } from '../mi-command.ts';
import type { AorSettings, BindingOrders, Bindings, ContactSettings } from './bindings.ts';
import type { ClusterPort } from './clusterer-port.ts';
import { ulAddCommand } from './ul-add.ts';
import { ulClusterSyncCommand } from './ul-cluster-sync.ts';
import { ulDiskCommands } from './ul-disk.ts';
import { ulDumpCommand } from './ul-dump.ts';
import { ulRmContactCommand } from './ul-rm-contact.ts';
import { ulRmCommand } from './ul-rm.ts';
import { ulShowContactCommand } from './ul-show-contact.ts';

interface UlParts {
  readonly bindings: Bindings;
  readonly orders: BindingOrders;
  readonly store: Pick<Persistence, 'mergeNow' | 'status'>;
  readonly settings: AorSettings & ContactSettings;
  readonly clock: Clock;
  readonly cluster?: ClusterPort;
}

/** The commands of usrloc. */
export function ulCommands({ bindings, orders, store, settings, clock, cluster }: UlParts): readonly MiCommand[] {
  return [
    ulRmCommand(bindings, orders, settings),
    ulRmContactCommand(bindings, orders, settings),
    ulDumpCommand(bindings),
    ...ulDiskCommands({ bindings, settings, store, clock }),
    ulAddCommand(bindings, orders, settings),
    ulShowContactCommand(bindings, settings),
    ulClusterSyncCommand(cluster),
  ];
}
