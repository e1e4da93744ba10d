import { checkPingerKeys, pingerSettings } from './pinger-settings.ts';
import type { Config } from '../config/config.ts';
import type { ConfigKeys } from '../config/config-schema.ts';
import { loadConfig } from '../config/load-config.ts';
import type { ConfigSource } from '../config/load-config.ts';
import type { ConfigProblem } from '../config/problem.ts';
import type { RuleFinding } from '../config/rules.ts';
import { invariant } from '../core/errors.ts';
import { HORIZON_S } from '../location/horizon.ts';
import { Q_UNSPECIFIED } from '../location/record.ts';
import type { PingerSettings } from '../pinger/settings.ts';
import { NAT_TESTS, parseNatUacTest } from '../registrar/nat-tests.ts';
import { parseSaveFlags } from '../registrar/save-flags.ts';
import type { SaveFlags } from '../registrar/save-flags.ts';
import type { RegistrarSettings } from '../registrar/settings.ts';
import { REPLY_ROOM } from '../sip/drachtio/drachtio-settings.ts';
import type { DrachtioEngineSettings } from '../sip/drachtio/drachtio-settings.ts';
import { ENGINE_LIMITS } from '../sip/embedded/engine-settings.ts';
import type { EmbeddedEngineSettings } from '../sip/embedded/engine-settings.ts';
import { Fault } from '../sip/fault.ts';
import { parseNameAddr } from '../sip/name-addr.ts';
import { parseUri } from '../sip/uri.ts';

/** The configuration in the words of each component. */
export interface AppSettings {
  readonly registrar: RegistrarSettings;
  readonly engine: EmbeddedEngineSettings;
  /** In place of `engine`, where SIP comes from a drachtio-server; the composition root says where that is. */
  readonly drachtio: Omit<DrachtioEngineSettings, 'server'> | undefined;
  readonly location: LocationBounds;
  readonly pinger: PingerSettings;
}

/** What the configuration says about the table; the composition root adds the incarnation and the URI rules. */
export interface LocationBounds {
  readonly nodeId: number;
  /** `max_contacts` with the save flag `cN` over it; 0 = no limit. */
  readonly maxContacts: number;
  /** `matching_mode` with the save flag `MN` over it. */
  readonly matchingMode: 0 | 1;
  readonly descTimeOrder: boolean;
  readonly recordsPerAorMax: number;
  readonly aorsMax: number;
}

/** Rule 29: what queued up in a longer standstill of the process may be older than what the twin has answered since; below SIP's T1. */
const STALL_MS = 400;

export type LoadedSettings =
  | {
      readonly ok: true;
      /** For what needs no translation: data folder, persistence, management socket, node id, log. */
      readonly config: Config;
      readonly settings: AppSettings;
      readonly warnings: readonly ConfigProblem[];
    }
  | { readonly ok: false; readonly problems: readonly ConfigProblem[] };

/** Reads the configuration and translates it. All that is wrong is said at once, the keys whose syntax is the components' included. */
export function loadAppSettings(source: ConfigSource): LoadedSettings {
  const loaded = loadConfig(source, checkComponentKeys);
  if (!loaded.ok) return loaded;
  return { ...loaded, settings: appSettings(loaded.config) };
}

/** @param config one that `checkComponentKeys` found nothing in. */
export function appSettings(config: Config): AppSettings {
  const flags = saveFlags(config.registrar.save);
  invariant(!('badFlag' in flags), 'save flags were checked');
  return {
    registrar: registrarSettings(config, flags),
    engine: engineSettings(config, flags),
    drachtio: config.sip.engine === 'drachtio' ? drachtioSettings(config, flags) : undefined,
    location: {
      nodeId: config.nodeId,
      maxContacts: flags.maxContacts ?? config.registrar.max_contacts,
      matchingMode: flags.matchingMode ?? config.usrloc.matching_mode,
      descTimeOrder: config.usrloc.desc_time_order,
      recordsPerAorMax: config.usrloc.max_records_per_aor,
      aorsMax: config.usrloc.max_aors,
    },
    pinger: pingerSettings(config),
  };
}

function registrarSettings(config: Config, save: SaveFlags): RegistrarSettings {
  const { usrloc, registrar, nathelper, policy } = config;
  return {
    addressOfRecord: {
      useDomain: usrloc.use_domain,
      caseSensitive: registrar.case_sensitive,
      realmPrefix: registrar.realm_prefix.toLowerCase(),
      domains: registrar.domains,
      maxUsernameLen: registrar.max_username_len,
      maxDomainLen: registrar.max_domain_len,
      maxAorLen: registrar.max_aor_len,
    },
    expiry: {
      defaultExpiresS: registrar.default_expires,
      minExpiresS: registrar.min_expires,
      maxExpiresS: registrar.max_expires,
      expiresMaxDeviationS: registrar.expires_max_deviation,
      minExpiresPolicy: registrar.min_expires_policy,
    },
    contacts: contactSettings(config),
    nat: {
      uacTest: natTestBits(nathelper.nat_uac_test),
      fix: nathelper.fix_nated_contact ? 'contact' : 'received',
      bflag: usrloc.nat_bflag ?? '',
    },
    save,
    branchFlags: policy.setbflag.map(({ flag, contacts, domains }) => ({ flags: [flag], when: contacts, domains })),
    serviceRoutes: registrar.service_route,
    retryAfterS: registrar.retry_after,
    ...(config.sip.engine === 'drachtio' ? { replyBytesMax: REPLY_ROOM } : {}),
  };
}

function contactSettings({ usrloc, registrar }: Config): RegistrarSettings['contacts'] {
  return {
    matchingMode: usrloc.matching_mode,
    cseqDelayMs: usrloc.cseq_delay * 1000,
    allowDupCseq: registrar.allow_dup_cseq,
    lenientCseq: registrar.lenient_cseq,
    maxContacts: registrar.max_contacts,
    maxContactLen: registrar.max_contact_len,
    maxPathLen: registrar.max_path_len,
    defaultQ: registrar.default_q ?? Q_UNSPECIFIED,
    receivedParam: registrar.received_param.toLowerCase(),
  };
}

function engineSettings({ listen, sip, cluster }: Config, save: SaveFlags): EmbeddedEngineSettings {
  return {
    listeners: listen,
    waitsForAddress: cluster !== undefined,
    forceRport: sip.force_rport,
    serverHeader: sip.server_header,
    supported: save.pathMode === 'ignored' ? [] : ['path'],
    stallMs: cluster === undefined ? 0 : STALL_MS,
    udp: { ...ENGINE_LIMITS.udp, receiveBufferBytes: sip.udp_receive_buffer },
    tcp: {
      ...ENGINE_LIMITS.tcp,
      connectionsMax: sip.tcp_max_connections,
      connectionsPerSourceMax: sip.tcp_max_connections_per_source,
      messageTimeoutMs: sip.tcp_max_msg_time * 1000,
      idleTimeoutMs: sip.tcp_connection_lifetime * 1000,
    },
  };
}

function drachtioSettings(config: Config, save: SaveFlags): AppSettings['drachtio'] {
  const { listeners, serverHeader, supported, stallMs } = engineSettings(config, save);
  return { listeners, serverHeader, supported, stallMs };
}

/** Problems of a configuration that was put together from two, each of which had none. */
export function configProblems(config: Config): readonly ConfigProblem[] {
  return checkComponentKeys(config)
    .filter(({ severity }) => severity === 'problem')
    .map(({ keys: [key], message }) => ({ key, line: undefined, message }));
}

type ComponentKeys = Pick<ConfigKeys, 'usrloc' | 'registrar' | 'nathelper' | 'policy' | 'sip'>;

/** Keys whose syntax the components own. */
const checkComponentKeys = (keys: ComponentKeys): readonly RuleFinding[] => [
  ...saveFindings(keys),
  ...natTestProblems(keys),
  ...serviceRouteProblems(keys),
  ...checkPingerKeys(keys),
];

function* saveFindings(keys: ComponentKeys): Iterable<RuleFinding> {
  const flags = saveFlags(keys.registrar.save);
  if ('badFlag' in flags) {
    yield problem('registrar.save', `the flag "${flags.badFlag}" ${flags.problem}`);
    return;
  }
  yield* saveProblems(keys, flags);
  yield* saveWarnings(keys, flags);
}

function* saveProblems({ registrar, usrloc }: ComponentKeys, flags: SaveFlags): Iterable<RuleFinding> {
  const { minExpiresS = registrar.min_expires, maxExpiresS = registrar.max_expires, maxContacts = 0 } = flags;
  if (flags.maxExpiresS !== undefined && flags.maxExpiresS > HORIZON_S) {
    yield problem('registrar.save', `max-expires=${flags.maxExpiresS} is more than ${HORIZON_S}, the longest lifetime`);
  }
  const overridesExpiry = flags.minExpiresS !== undefined || flags.maxExpiresS !== undefined;
  if (overridesExpiry && minExpiresS > (maxExpiresS === 0 ? HORIZON_S : maxExpiresS)) {
    const bounds = `min-expires (${minExpiresS}) is more than max-expires (${maxExpiresS})`;
    yield problem('registrar.save', `with these flags ${bounds}`, 'registrar.min_expires', 'registrar.max_expires');
  }
  if (maxContacts > usrloc.max_records_per_aor) {
    const limit = `usrloc.max_records_per_aor (${usrloc.max_records_per_aor}), which would be reached first`;
    yield problem('registrar.save', `max-contacts=${maxContacts} is more than ${limit}`, 'usrloc.max_records_per_aor');
  }
}

function* saveWarnings({ registrar }: ComponentKeys, flags: SaveFlags): Iterable<RuleFinding> {
  if (flags.pathReceived && flags.pathMode === 'ignored') {
    yield warning('registrar.save', 'the flag v has no effect: no Path is looked at without p0, p1 or p2');
  }
  if (flags.forceRegistration && (flags.maxContacts ?? registrar.max_contacts) === 0) {
    yield warning(
      'registrar.save',
      'the flag f has no effect: without max_contacts there is no limit',
      'registrar.max_contacts',
    );
  }
}

function* natTestProblems({ nathelper }: ComponentKeys): Iterable<RuleFinding> {
  const tests = nathelper.nat_uac_test;
  for (const test of typeof tests === 'number' ? [] : tests) {
    if (typeof parseNatUacTest(test) === 'number') continue;
    const names = Object.keys(NAT_TESTS).join(', ');
    yield problem(
      'nathelper.nat_uac_test',
      `"${test}" is no test; expected names out of ${names}, or the sum of their numbers`,
    );
  }
}

function* serviceRouteProblems({ registrar }: ComponentKeys): Iterable<RuleFinding> {
  for (const route of registrar.service_route) {
    if (!isRoute(route)) yield problem('registrar.service_route', `"${route}" is no SIP URI in angle brackets`);
  }
}

function isRoute(text: string): boolean {
  const address = parseNameAddr(text);
  return !(address instanceof Fault) && !(parseUri(address.uriText) instanceof Fault);
}

/** `[location, p1v]` or `[location, path-lazy, path-received]`: what follows the table is one list of flags. */
function saveFlags(save: ConfigKeys['registrar']['save']): ReturnType<typeof parseSaveFlags> {
  return parseSaveFlags(save.slice(1).join(','));
}

function natTestBits(tests: ConfigKeys['nathelper']['nat_uac_test']): number {
  const bits = parseNatUacTest(typeof tests === 'number' ? String(tests) : tests.join(','));
  invariant(typeof bits === 'number', 'NAT tests were checked');
  return bits;
}

function warning(key: string, message: string, ...others: readonly string[]): RuleFinding {
  return { severity: 'warning', keys: [key, ...others], message };
}

function problem(key: string, message: string, ...others: readonly string[]): RuleFinding {
  return { severity: 'problem', keys: [key, ...others], message };
}
