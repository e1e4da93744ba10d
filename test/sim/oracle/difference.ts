import type { AorState } from '../../../lib/location/record.ts';
import { versionName } from './op.ts';

/**
 * What two nodes that are in sync and quiet hold otherwise of one AoR; undefined: nothing. Either may have forgotten what the
 * other one still has, but what both have is the same, down to whether it was ever permanent.
 */
export function differenceOf(one: AorState, other: AorState): string | undefined {
  for (const record of one.records) {
    const twin = other.records.find(({ key }) => key === record.key);
    if (twin === undefined) continue;
    const [here, there] = [record, twin].map(
      ({ kind, version, sticky }) => `${kind} ${versionName(version)} ${sticky ? 'sticky' : ''}`,
    );
    if (here !== there) return `${record.key} as ${here ?? ''} and as ${there ?? ''}`;
  }
  const [here, there] = [one, other].map(({ floor }) => (floor === undefined ? undefined : versionName(floor.version)));
  if (here !== undefined && there !== undefined && here !== there) return `a floor at ${here} and one at ${there}`;
  return undefined;
}
