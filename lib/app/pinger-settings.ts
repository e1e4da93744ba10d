import type { ConfigKeys } from '../config/config-schema.ts';
import type { RuleFinding } from '../config/rules.ts';
import type { PingerSettings } from '../pinger/settings.ts';
import { DRACHTIO_LIMITS } from '../sip/drachtio/drachtio-settings.ts';
import { Fault } from '../sip/fault.ts';
import { parseUri } from '../sip/uri.ts';

type PingerKeys = Pick<ConfigKeys, 'nathelper' | 'usrloc' | 'policy' | 'sip'>;

export function pingerSettings({ nathelper, usrloc, sip }: PingerKeys): PingerSettings {
  return {
    intervalMs: nathelper.natping_interval * 1000,
    requiredFlag: nathelper.ping_nated_only ? (usrloc.nat_bflag ?? '') : '',
    pingsConnections: nathelper.natping_tcp,
    fromUri: nathelper.sipping_from,
    optionsFlag: nathelper.sipping_bflag,
    removalFlag: nathelper.remove_on_timeout_bflag,
    lostMax: nathelper.max_pings_lost,
    thresholdMs: thresholdMs(nathelper),
    ignoredStatuses: new Set(nathelper.sipping_ignore_rpl_codes),
    ratePerS: Math.min(nathelper.natping_max_rate, rateMax(sip)),
  };
}

/** As nathelper does it: a ping is judged before the next one is sent. */
function thresholdMs({ natping_interval: intervalS, ping_threshold: thresholdS }: ConfigKeys['nathelper']): number {
  return isAboveInterval(intervalS, thresholdS) ? intervalS * 500 : thresholdS * 1000;
}

function isAboveInterval(intervalS: number, thresholdS: number): boolean {
  return intervalS > 0 && thresholdS > intervalS;
}

/** What the engine sustains. */
function rateMax({ engine }: PingerKeys['sip']): number {
  return engine === 'drachtio' ? DRACHTIO_LIMITS.pingsPerSecondMax : Infinity;
}

/** What is wrong with nathelper's keys beyond their types, and what has no effect. */
export function* checkPingerKeys({ nathelper, usrloc, policy }: PingerKeys): Iterable<RuleFinding> {
  const from = parseUri(nathelper.sipping_from);
  if (from instanceof Fault || (from.scheme !== 'sip' && from.scheme !== 'sips')) {
    yield finding(
      'problem',
      'sipping_from',
      `"${nathelper.sipping_from}" is no SIP URI; write it without angle brackets`,
    );
  }
  if (nathelper.ping_nated_only && usrloc.nat_bflag === undefined) {
    yield finding('problem', 'ping_nated_only', 'needs usrloc.nat_bflag, the flag that marks the contacts to ping');
  }
  for (const key of ['natping_partitions', 'natping_processes'] as const) {
    if (nathelper[key] === 1) continue;
    yield finding('warning', key, 'has no effect: pings are spread contact by contact, without partitions');
  }
  if (nathelper.natping_interval > 0) yield* pingingWarnings(nathelper, policy);
}

function* pingingWarnings(
  nathelper: ConfigKeys['nathelper'],
  { setbflag }: ConfigKeys['policy'],
): Iterable<RuleFinding> {
  const { natping_interval: intervalS, ping_threshold: thresholdS } = nathelper;
  if (isAboveInterval(intervalS, thresholdS)) {
    const counts = `half of that counts, ${intervalS / 2} s`;
    yield finding('warning', 'ping_threshold', `${thresholdS} s is above natping_interval (${intervalS} s): ${counts}`);
  }
  const hasRule = (name: string) => setbflag.some(({ flag }) => flag === name);
  for (const key of ['sipping_bflag', 'remove_on_timeout_bflag'] as const) {
    const flag = nathelper[key];
    if (flag === DEFAULT_FLAGS[key] || hasRule(flag)) continue;
    yield finding('warning', key, `has no effect: policy.setbflag gives no contact the flag ${flag}`);
  }
}

/** Who leaves the usual flag out of `setbflag` means it; a flag of another name that nobody sets is a mistake. */
const DEFAULT_FLAGS = { sipping_bflag: 'SIPPING_ENABLE', remove_on_timeout_bflag: 'SIPPING_RTO' } as const;

function finding(severity: RuleFinding['severity'], key: string, message: string): RuleFinding {
  return { severity, keys: [`nathelper.${key}`], message };
}
