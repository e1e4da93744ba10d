import { FORGET_MARGIN_MS, HORIZON_MS } from '../../../lib/location/horizon.ts';
import type { AorState } from '../../../lib/location/record.ts';
import type { Version } from '../../../lib/location/version.ts';
import { versionName } from './op.ts';

/**
 * What two nodes that are in sync and quiet hold otherwise of one AoR; undefined: nothing. Either may have forgotten what the
 * other one still has, but what both have is the same, down to whether it was ever permanent. What both may forget by its age, in
 * cluster time, they need not tell each other any more.
 */
export function differenceOf(one: AorState, other: AorState, nowMs: number): string | undefined {
  const mayGo = ({ ms }: Version): boolean => ms + HORIZON_MS + FORGET_MARGIN_MS <= nowMs;
  for (const record of one.records) {
    const twin = other.records.find(({ key }) => key === record.key);
    if (twin === undefined) continue;
    if (!record.sticky && !twin.sticky && mayGo(record.version) && mayGo(twin.version)) continue;
    const [here, there] = [record, twin].map(
      ({ kind, version, sticky }) => `${kind} ${versionName(version)} ${sticky ? 'sticky' : ''}`,
    );
    if (here !== there) return `${record.key} as ${here ?? ''} and as ${there ?? ''}`;
  }
  if (one.floor === undefined || other.floor === undefined) return undefined;
  const isSticky = [...one.records, ...other.records].some(({ sticky }) => sticky);
  if (!isSticky && mayGo(one.floor.version) && mayGo(other.floor.version)) return undefined;
  const [here, there] = [versionName(one.floor.version), versionName(other.floor.version)];
  return here === there ? undefined : `a floor at ${here} and one at ${there}`;
}
